import { FRAME_HEADER_LENGTH, FrameFlag, FrameType, writeFrameHeader } from './frame';

const DEFAULT_WINDOW = 65_535;
const DEFAULT_FRAME_MAX = 16_384;

interface Piece {
  bytes: Buffer;
  readonly end: boolean;
}

interface Stream {
  window: number;
  readonly queue: Piece[];
}

/** How much may still be sent (RFC 9113, section 5.2), and what waits until more may. */
export class SendWindows {
  readonly #write: (frame: Buffer) => void;
  readonly #streams = new Map<number, Stream>();
  #connectionWindow = DEFAULT_WINDOW;
  #initial = DEFAULT_WINDOW;
  #frameMax = DEFAULT_FRAME_MAX;

  constructor(write: (frame: Buffer) => void) {
    this.#write = write;
  }

  /** Takes room for `bytes` on a new stream, if they can be sent at once in one frame. */
  takeWhole(bytes: number): boolean {
    if (bytes > Math.min(this.#connectionWindow, this.#initial, this.#frameMax)) return false;
    this.#connectionWindow -= bytes;
    return true;
  }

  /** Begins to count for a stream. */
  open(streamId: number): void {
    this.#streams.set(streamId, { window: this.#initial, queue: [] });
  }

  /** Sends bytes on an open stream, or queues them; ignored for a stream that has ended. */
  send(streamId: number, bytes: Buffer, end: boolean): void {
    const stream = this.#streams.get(streamId);
    if (stream === undefined) return;
    stream.queue.push({ bytes, end });
    this.#drain(streamId, stream);
  }

  /** The server takes `bytes` more on a stream, or with stream 0 on the connection. */
  grow(streamId: number, bytes: number): void {
    if (streamId === 0) {
      this.#connectionWindow += bytes;
      for (const [id, waiting] of this.#streams) this.#drain(id, waiting);
      return;
    }
    const stream = this.#streams.get(streamId);
    if (stream === undefined) return;
    stream.window += bytes;
    this.#drain(streamId, stream);
  }

  /** The server's window of each stream begins with `bytes`; those that are open change by the difference. */
  setInitial(bytes: number): void {
    const difference = bytes - this.#initial;
    this.#initial = bytes;
    for (const [id, stream] of this.#streams) {
      stream.window += difference;
      this.#drain(id, stream);
    }
  }

  /** The longest frame that the server takes. */
  setFrameMax(bytes: number): void {
    this.#frameMax = bytes;
  }

  /** A stream has ended; what it still had to send is dropped. */
  forget(streamId: number): void {
    this.#streams.delete(streamId);
  }

  #drain(streamId: number, stream: Stream): void {
    for (let piece = stream.queue[0]; piece !== undefined; piece = stream.queue[0]) {
      const length = Math.min(piece.bytes.length, this.#connectionWindow, stream.window, this.#frameMax);
      if (length <= 0 && piece.bytes.length > 0) return;
      const isLast = length === piece.bytes.length;
      const frame = Buffer.allocUnsafe(FRAME_HEADER_LENGTH + length);
      const flags = isLast && piece.end ? FrameFlag.END_STREAM : 0;
      piece.bytes.copy(frame, writeFrameHeader(frame, 0, length, FrameType.DATA, flags, streamId), 0, length);
      this.#connectionWindow -= length;
      stream.window -= length;
      this.#write(frame);
      if (isLast) stream.queue.shift();
      else piece.bytes = piece.bytes.subarray(length);
    }
  }
}
