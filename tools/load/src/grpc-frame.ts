/** Bytes before each message on a gRPC stream: the compression flag and the length. */
export const FRAME_PREFIX_LENGTH = 5;

/** Fills in the prefix of a frame whose message begins at {@link FRAME_PREFIX_LENGTH} and ends with the buffer. */
export function writeFramePrefix(frame: Buffer): Buffer {
  frame[0] = 0;
  frame.writeUInt32BE(frame.length - FRAME_PREFIX_LENGTH, 1);
  return frame;
}

/** Cuts the bytes of a gRPC stream into messages. */
export class FrameReader {
  #rest: Buffer | undefined;

  /** Takes the next bytes and calls `onMessage` for each message that is complete. */
  push(chunk: Buffer, onMessage: (message: Buffer) => void): void {
    let bytes = this.#rest === undefined ? chunk : Buffer.concat([this.#rest, chunk]);
    while (bytes.length >= FRAME_PREFIX_LENGTH) {
      const end = FRAME_PREFIX_LENGTH + bytes.readUInt32BE(1);
      if (bytes.length < end) break;
      onMessage(bytes.subarray(FRAME_PREFIX_LENGTH, end));
      bytes = bytes.subarray(end);
    }
    this.#rest = bytes.length === 0 ? undefined : bytes;
  }
}
