import type { ServerOptions } from '@grpc/grpc-js';

/** Limits of a server's connections and messages. */
export interface ServerLimits {
  /** The largest request, bytes; larger ones are RESOURCE_EXHAUSTED. Default 1 MiB. */
  readonly maxReceiveMessageBytes?: number;
  /** The largest answer, bytes. Default 4 MiB, what gRPC clients take by default. */
  readonly maxSendMessageBytes?: number;
  /** Open calls per connection; HTTP/2 makes the client wait above it. Default 1,000. */
  readonly maxConcurrentStreams?: number;
  /** How long a connection may be silent before it is pinged, milliseconds. Default 60,000. */
  readonly keepaliveTimeMs?: number;
  /** How long a ping's answer may take before the connection counts as dead, milliseconds. Default 20,000. */
  readonly keepaliveTimeoutMs?: number;
  /** How long a connection lives, milliseconds, ±10 %; clients then connect anew, so that load spreads to new instances. Default: for ever. */
  readonly maxConnectionAgeMs?: number;
}

/** The options of grpc-js for these limits. Throws RangeError, with the value, for one that is not a positive integer. */
export function grpcServerOptions(limits: ServerLimits): ServerOptions {
  for (const [name, value] of Object.entries(limits) as [string, number | undefined][]) {
    if (value !== undefined && !(Number.isSafeInteger(value) && value > 0)) {
      throw new RangeError(`${name} must be a positive integer, got ${value}`);
    }
  }
  return {
    'grpc.max_receive_message_length': limits.maxReceiveMessageBytes ?? 2 ** 20,
    'grpc.max_send_message_length': limits.maxSendMessageBytes ?? 4 * 2 ** 20,
    'grpc.max_concurrent_streams': limits.maxConcurrentStreams ?? 1_000,
    'grpc.keepalive_time_ms': limits.keepaliveTimeMs ?? 60_000,
    'grpc.keepalive_timeout_ms': limits.keepaliveTimeoutMs ?? 20_000,
    ...(limits.maxConnectionAgeMs === undefined ? {} : { 'grpc.max_connection_age_ms': limits.maxConnectionAgeMs }),
    // Counters for a debugging service that is not offered here; they cost time on every call.
    'grpc.enable_channelz': 0,
  };
}
