import type { StatusCode, StatusError } from '@giftmesh/kernel-errors';

/** Told once how a call ended: a gRPC status code, and the error itself where the client has one that says more. */
export type OnEnd = (code: StatusCode, error?: StatusError) => void;

/** A client whose calls cost little: no promise, one payload. */
export interface BenchClient {
  /** Makes a unary call. `onEnd` is called exactly once, at the latest soon after the deadline. */
  call(method: string, deadlineMs: number, onEnd: OnEnd): void;
  /** Resolves when all connections stand. Rejects when they don't within 5 s. */
  connect(): Promise<void>;
  close(): void;
}

/** What every bench call carries. */
export const PAYLOAD: Buffer = Buffer.alloc(32, 'x');
/** How long connecting may take, milliseconds. */
export const CONNECT_LIMIT_MS = 5_000;
