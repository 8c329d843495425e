/** What travels over a MessagePort: arrays of frames, each of one call. Ids are chosen by the calling side. */
export type Frame = CallFrame | MessageFrame | EndFrame | CancelFrame | CreditFrame | StatusFrame;

/** Begins a call. */
export interface CallFrame {
  readonly kind: 'call';
  readonly id: number;
  readonly path: string;
  /** Milliseconds left; Infinity for no deadline. */
  readonly timeoutMs: number;
  /** Text metadata, the deadline stamp included. */
  readonly metadata: readonly (readonly [string, string])[];
  /** The request of methods that have one. */
  readonly request?: Uint8Array;
}

/** A message of a stream, in either direction. */
export interface MessageFrame {
  readonly kind: 'message';
  readonly id: number;
  readonly bytes: Uint8Array;
}

/** The caller has no more requests. */
export interface EndFrame {
  readonly kind: 'end';
  readonly id: number;
}

/** The caller gives up. */
export interface CancelFrame {
  readonly kind: 'cancel';
  readonly id: number;
}

/** The receiver of a stream takes so many more messages. */
export interface CreditFrame {
  readonly kind: 'credit';
  readonly id: number;
  readonly count: number;
}

/** Ends a call: its answer, or the end of its stream, or why there is none. */
export interface StatusFrame {
  readonly kind: 'status';
  readonly id: number;
  /** 0 for success. */
  readonly code: number;
  readonly message: string;
  /** google.rpc.Status, as in `grpc-status-details-bin`. */
  readonly details?: Uint8Array;
  readonly trailers: readonly (readonly [string, string])[];
  /** The answer of a method that answers once. */
  readonly response?: Uint8Array;
}

/** Messages of one stream that may be on their way or unread, in each direction. */
export const STREAM_WINDOW = 64;

/**
 * A copy that owns its memory. Cloning a view clones the whole buffer under it, and small Buffers share one of 8 KiB.
 */
export function ownBytes(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes);
}

/** Shows bytes as the Buffer that generated code wants, without copying. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
