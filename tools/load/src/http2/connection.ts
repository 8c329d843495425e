import { createConnection, type Socket } from 'node:net';
import { StatusCode } from '@giftmesh/kernel-errors';
import {
  CONNECTION_PREFACE,
  FRAME_HEADER_LENGTH,
  FrameFlag,
  FrameType,
  Setting,
  frame,
  settings,
  windowUpdate,
  writeFrameHeader,
} from './frame';
import { grpcStatusIn } from './hpack';
import { SendWindows } from './send-windows';

/** Told about one stream. */
export interface StreamHandler {
  /** Bytes arrived; the buffer is only valid during the call. */
  onData(bytes: Buffer): void;
  /** The stream ended with this gRPC status. Called once, nothing comes after it. */
  onEnd(status: number): void;
}

const WINDOW_MAX = 2 ** 31 - 1;
const DEFAULT_WINDOW = 65_535;
/** Received bytes after which the server's window is opened again; half of it. */
const REPLENISH_AFTER = 2 ** 30;
const STREAM_ID_MAX = 2 ** 31 - 1;
const CONNECT_TIMEOUT_MS = 10_000;
/** Different trailers whose status is remembered. Those of successes are nearly always the same bytes. */
const TRAILERS_MAX = 256;
const REFUSED_STREAM = 7;
const CANCEL = 8;
const NOTHING = Buffer.alloc(0);

interface OpenStream {
  readonly handler: StreamHandler;
  received: number;
}

/**
 * A client's HTTP/2 connection cut down to what gRPC load needs (RFC 9113): no header compression state, no priorities,
 * no push, plain TCP. Node's own client costs more per call than a whole gRPC server does, and would be what is measured.
 */
export class Http2Connection {
  readonly #socket: Socket;
  readonly #streams = new Map<number, OpenStream>();
  readonly #statusByTrailers = new Map<string, number>();
  readonly #windows = new SendWindows((bytes) => this.#write(bytes));
  #out: Buffer[] = [];
  #flushPlanned = false;
  #nextStreamId = 1;
  #rest: Buffer = NOTHING;
  #received = 0;
  #headers: { streamId: number; flags: number; blocks: Buffer[] } | undefined;
  #closed = false;
  #goingAway = false;
  /** Called once when no more calls can be made: the server closed, or said it will. Streams have ended before. */
  onClosed: (() => void) | undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk) => this.#read(chunk));
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#close());
    this.#write(CONNECTION_PREFACE);
    this.#write(
      settings([
        [Setting.HEADER_TABLE_SIZE, 0],
        [Setting.ENABLE_PUSH, 0],
        [Setting.INITIAL_WINDOW_SIZE, WINDOW_MAX],
      ]),
    );
    this.#write(windowUpdate(0, WINDOW_MAX - DEFAULT_WINDOW));
  }

  /** Connects to `host:port`. Rejects when nobody listens there. */
  static connect(address: string): Promise<Http2Connection> {
    const split = address.lastIndexOf(':');
    const host = address.slice(0, split).replace(/^\[|\]$/g, '');
    return new Promise((resolve, reject) => {
      const socket = createConnection({ host, port: Number(address.slice(split + 1)), noDelay: true });
      const limit = setTimeout(
        () => socket.destroy(new Error(`no connection to ${address} within ${CONNECT_TIMEOUT_MS} ms`)),
        CONNECT_TIMEOUT_MS,
      );
      socket.once('error', reject);
      socket.once('close', () => clearTimeout(limit));
      socket.once('connect', () => {
        clearTimeout(limit);
        socket.off('error', reject);
        resolve(new Http2Connection(socket));
      });
    });
  }

  /** True when no more calls can be made. */
  get closed(): boolean {
    return this.#closed || this.#goingAway;
  }

  /** Bytes to leave free before the bytes of a call, for the frames around them. */
  static headroom(headerBlock: Buffer): number {
    return FRAME_HEADER_LENGTH + headerBlock.length + FRAME_HEADER_LENGTH;
  }

  /**
   * Makes a call with one message. `call` has {@link headroom} free bytes, then the bytes of the stream; it is sent
   * as it is and belongs to the connection from now on.
   */
  unary(headerBlock: Buffer, call: Buffer, handler: StreamHandler): void {
    const bytes = call.length - Http2Connection.headroom(headerBlock);
    const streamId = this.#open(handler);
    const offset = writeFrameHeader(call, 0, headerBlock.length, FrameType.HEADERS, FrameFlag.END_HEADERS, streamId);
    headerBlock.copy(call, offset);
    writeFrameHeader(call, offset + headerBlock.length, bytes, FrameType.DATA, FrameFlag.END_STREAM, streamId);
    if (this.#windows.takeWhole(bytes)) return this.#write(call);
    this.#write(call.subarray(0, offset + headerBlock.length));
    this.#windows.open(streamId);
    this.#windows.send(streamId, call.subarray(Http2Connection.headroom(headerBlock)), true);
  }

  /** Opens a stream for many messages and returns its id for {@link send}. */
  stream(headerBlock: Buffer, handler: StreamHandler): number {
    const streamId = this.#open(handler);
    this.#write(frame(FrameType.HEADERS, FrameFlag.END_HEADERS, streamId, headerBlock));
    this.#windows.open(streamId);
    return streamId;
  }

  /** Sends bytes on a stream, as fast as the server's windows let it; `end` closes our side. */
  send(streamId: number, bytes: Buffer, end = false): void {
    this.#windows.send(streamId, bytes, end);
  }

  /** Closes the connection. Open streams end with UNAVAILABLE. */
  close(): void {
    this.#socket.destroySoon();
  }

  #open(handler: StreamHandler): number {
    if (this.closed) throw new Error('the connection is closed');
    const streamId = this.#nextStreamId;
    this.#nextStreamId += 2;
    if (this.#nextStreamId > STREAM_ID_MAX) this.#goAway();
    this.#streams.set(streamId, { handler, received: 0 });
    return streamId;
  }

  /** Frames of one turn of the event loop leave in one write. */
  #write(bytes: Buffer): void {
    this.#out.push(bytes);
    if (this.#flushPlanned) return;
    this.#flushPlanned = true;
    setImmediate(() => {
      this.#flushPlanned = false;
      const out = this.#out;
      this.#out = [];
      if (!this.#socket.destroyed) this.#socket.write(out.length === 1 ? (out[0] as Buffer) : Buffer.concat(out));
    });
  }

  #read(chunk: Buffer): void {
    let bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    while (bytes.length >= FRAME_HEADER_LENGTH) {
      const end = FRAME_HEADER_LENGTH + bytes.readUIntBE(0, 3);
      if (bytes.length < end) break;
      this.#onFrame(
        bytes[3] as number,
        bytes[4] as number,
        bytes.readUInt32BE(5) & STREAM_ID_MAX,
        bytes.subarray(FRAME_HEADER_LENGTH, end),
      );
      bytes = bytes.subarray(end);
    }
    this.#rest = bytes;
  }

  #onFrame(type: number, flags: number, streamId: number, payload: Buffer): void {
    switch (type) {
      case FrameType.DATA:
        return this.#onData(streamId, flags, payload);
      case FrameType.HEADERS:
        this.#headers = { streamId, flags, blocks: [headerBlockOf(payload, flags)] };
        return this.#onHeaderBlock(flags);
      case FrameType.CONTINUATION:
        this.#headers?.blocks.push(payload);
        return this.#onHeaderBlock(flags);
      case FrameType.RST_STREAM:
        return this.#end(streamId, statusOfReset(payload.readUInt32BE(0)));
      case FrameType.SETTINGS:
        return this.#onSettings(flags, payload);
      case FrameType.PING:
        if ((flags & FrameFlag.ACK) === 0) this.#write(frame(FrameType.PING, FrameFlag.ACK, 0, payload));
        return;
      case FrameType.GOAWAY:
        return this.#goAway();
      case FrameType.WINDOW_UPDATE:
        return this.#windows.grow(streamId, payload.readUInt32BE(0) & WINDOW_MAX);
      default:
        return;
    }
  }

  #onData(streamId: number, flags: number, payload: Buffer): void {
    this.#received += payload.length;
    if (this.#received >= REPLENISH_AFTER) {
      this.#write(windowUpdate(0, this.#received));
      this.#received = 0;
    }
    const stream = this.#streams.get(streamId);
    if (stream === undefined) return;
    stream.received += payload.length;
    if (stream.received >= REPLENISH_AFTER) {
      this.#write(windowUpdate(streamId, stream.received));
      stream.received = 0;
    }
    stream.handler.onData((flags & FrameFlag.PADDED) === 0 ? payload : unpadded(payload));
    // A gRPC stream ends with trailers; one that doesn't has lost its status.
    if ((flags & FrameFlag.END_STREAM) !== 0) this.#end(streamId, StatusCode.INTERNAL);
  }

  #onHeaderBlock(flags: number): void {
    if ((flags & FrameFlag.END_HEADERS) === 0 || this.#headers === undefined) return;
    const { streamId, flags: firstFlags, blocks } = this.#headers;
    this.#headers = undefined;
    if ((firstFlags & FrameFlag.END_STREAM) === 0) return;
    this.#end(streamId, this.#statusIn(blocks.length === 1 ? (blocks[0] as Buffer) : Buffer.concat(blocks)));
  }

  #statusIn(trailers: Buffer): number {
    const key = trailers.toString('latin1');
    let status = this.#statusByTrailers.get(key);
    if (status === undefined) {
      status = grpcStatusIn(trailers) ?? StatusCode.UNKNOWN;
      if (this.#statusByTrailers.size < TRAILERS_MAX) this.#statusByTrailers.set(key, status);
    }
    return status;
  }

  #onSettings(flags: number, payload: Buffer): void {
    if ((flags & FrameFlag.ACK) !== 0) return;
    for (let offset = 0; offset + 6 <= payload.length; offset += 6) {
      const value = payload.readUInt32BE(offset + 2);
      if (payload.readUInt16BE(offset) === Setting.INITIAL_WINDOW_SIZE) this.#windows.setInitial(value);
      if (payload.readUInt16BE(offset) === Setting.MAX_FRAME_SIZE) this.#windows.setFrameMax(value);
    }
    this.#write(frame(FrameType.SETTINGS, FrameFlag.ACK, 0, NOTHING));
  }

  #end(streamId: number, status: number): void {
    const stream = this.#streams.get(streamId);
    this.#windows.forget(streamId);
    if (stream === undefined) return;
    this.#streams.delete(streamId);
    stream.handler.onEnd(status);
    if (this.#goingAway && this.#streams.size === 0) this.#socket.destroySoon();
  }

  #goAway(): void {
    this.#goingAway = true;
    if (this.#streams.size === 0) this.#socket.destroySoon();
  }

  #close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const streamId of [...this.#streams.keys()]) this.#end(streamId, StatusCode.UNAVAILABLE);
    this.onClosed?.();
  }
}

function headerBlockOf(payload: Buffer, flags: number): Buffer {
  const block = (flags & FrameFlag.PADDED) === 0 ? payload : unpadded(payload);
  return (flags & FrameFlag.PRIORITY) === 0 ? block : block.subarray(5);
}

function unpadded(payload: Buffer): Buffer {
  return payload.subarray(1, payload.length - (payload[0] ?? 0));
}

function statusOfReset(code: number): number {
  if (code === REFUSED_STREAM) return StatusCode.UNAVAILABLE;
  return code === CANCEL ? StatusCode.CANCELLED : StatusCode.INTERNAL;
}
