import type { RequestSource } from './request-source';
import type { Recorder } from './recorder';

/** Sends requests in a closed loop: each call that ends is followed by the next, so that a fixed number is in flight. */
export interface LoadClient {
  /** Starts the loop; resolves when the connections stand, rejects when they can't be made. */
  start(): Promise<void>;
  /** Sends nothing more, waits for what is in flight and closes the connections. */
  stop(): Promise<void>;
}

/** What every load client is told. */
export interface LoadClientOptions {
  /** `host:port`. */
  readonly address: string;
  /** `/package.Service/Method`. */
  readonly method: string;
  /** Calls in flight at all times, over all connections together (gifts, where they travel in batches). */
  readonly inFlight: number;
  /** Connections they are spread over. */
  readonly connections: number;
  /** Time that each call is given, milliseconds; sent to the server as its deadline. */
  readonly timeoutMs: number;
  /** Where the requests come from. */
  readonly source: RequestSource;
  /** Where the ends of calls go. */
  readonly recorder: Recorder;
}

/** Refuses options that make no sense, with the value. */
export function checkLoadClientOptions(options: LoadClientOptions): void {
  for (const name of ['inFlight', 'connections', 'timeoutMs'] as const) {
    const value = options[name];
    if (!Number.isInteger(value) || value < 1)
      throw new RangeError(`${name} must be a whole number of at least 1, is ${value}`);
  }
  if (options.connections > options.inFlight)
    throw new RangeError(`connections (${options.connections}) must not be more than inFlight (${options.inFlight})`);
}
