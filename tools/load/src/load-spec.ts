import { randomInt } from 'node:crypto';
import { GrpcLoad } from './grpc-load';
import { LightLoad } from './light-load';
import type { LoadClient } from './load-client';
import type { Recorder } from './recorder';
import { requestSource, type RequestSpec } from './request-source';
import { StreamLoad } from './stream-load';

/** A load as plain data, so that it can be sent to a load process. */
export interface LoadSpec {
  /** `grpc`: unary calls with grpc-js. `light`: unary calls on bare HTTP/2. `stream`: batches over StreamGifts, on bare HTTP/2. */
  readonly client: 'grpc' | 'light' | 'stream';
  /** `host:port`. */
  readonly address: string;
  /** `/package.Service/Method`. */
  readonly method: string;
  /** Calls (gifts, for `stream`) that wait for their answers at any time. 64 keeps a single server busy. */
  readonly inFlight: number;
  /** Connections; 1 by default. */
  readonly connections?: number;
  /** Time that a call is given, milliseconds; 10,000 by default. */
  readonly timeoutMs?: number;
  /** Gifts in a message of `stream`; 64 by default. */
  readonly batch?: number;
  /** What is sent. */
  readonly requests: RequestSpec;
}

const DEFAULT_TIMEOUT_MS = 10_000;
const DEFAULT_BATCH = 64;

/** How long a load process waits for calls in flight when it is told to stop, milliseconds. */
export function stopLimitMs(spec: LoadSpec): number {
  return (spec.timeoutMs ?? DEFAULT_TIMEOUT_MS) + 1000;
}

/** Makes the client that a spec describes. Throws RangeError for values that make no sense. */
export function loadClient(spec: LoadSpec, recorder: Recorder): LoadClient {
  const options = {
    address: spec.address,
    method: spec.method,
    inFlight: spec.inFlight,
    connections: spec.connections ?? 1,
    timeoutMs: spec.timeoutMs ?? DEFAULT_TIMEOUT_MS,
    // Event ids must differ between runs of the same seed, or the second would get the answers of the first.
    source: requestSource(spec.requests, randomInt(2 ** 42)),
    recorder,
  };
  switch (spec.client) {
    case 'grpc':
      return new GrpcLoad(options);
    case 'light':
      return new LightLoad(options);
    case 'stream':
      return new StreamLoad({ ...options, batch: spec.batch ?? DEFAULT_BATCH });
  }
}
