import { Client, credentials, Metadata, type ChannelCredentials, type ChannelOptions } from '@grpc/grpc-js';
import { StatusCode, StatusError } from '@giftmesh/kernel-errors';
import { systemClock, type Clock } from '@giftmesh/kernel-time';
import { DEADLINE_HEADER, formatDeadlineStamp } from '@giftmesh/mesh-deadline';
import type { OutgoingCall } from '@giftmesh/mesh-context';
import type { Transport } from '../transport';
import { transportClosed } from '../transport-errors';
import { callClientStream, callUnary } from './grpc-single';
import { streamBidi, streamServer } from './grpc-stream';

export interface GrpcTransportOptions {
  /** `host:port`, or any target that grpc-js resolves (`dns:///name:port`, `unix:/path`). */
  readonly address: string;
  /** Default without TLS. */
  readonly credentials?: ChannelCredentials;
  /** The largest answer, bytes. Default 4 MiB. */
  readonly maxReceiveMessageBytes?: number;
  /** How long a connection with open calls may be silent before it is pinged, milliseconds. Default 60,000. */
  readonly keepaliveTimeMs?: number;
  /**
   * The longest wait between two tries to connect, milliseconds; waits begin at 100 and grow by 1.6. Default 2,000: with gRPC's own
   * 120,000 a service would be away for minutes after the one behind it has come back.
   */
  readonly reconnectDelayMaxMs?: number;
  /** Wait for a connection until the deadline instead of failing with UNAVAILABLE. Default false. */
  readonly waitForReady?: boolean;
  /** Further options of grpc-js, for balancers and the like. They win over the ones above. */
  readonly channelOptions?: ChannelOptions;
  /** For the deadline stamp. Default the process's real time. */
  readonly clock?: Clock;
}

/** Before the second try to connect, milliseconds. */
const RECONNECT_DELAY_MIN_MS = 100;

/** One call on its way through grpc-js. */
export interface GrpcCall {
  readonly client: Client;
  readonly call: OutgoingCall;
  readonly metadata: Metadata;
  readonly options: { readonly deadline?: number };
}

/** Calls services over gRPC. Connects with the first call. Throws RangeError for limits that are not positive integers. */
export function grpcTransport(options: GrpcTransportOptions): Transport {
  const clock = options.clock ?? systemClock;
  const client = new Client(
    options.address,
    options.credentials ?? credentials.createInsecure(),
    channelOptions(options),
  );
  const open = new Set<OutgoingCall>();
  let closed: StatusError | undefined;

  const begin = (call: OutgoingCall): GrpcCall => {
    if (closed !== undefined) throw closed;
    if (call.cancelReason !== undefined) throw call.cancelReason;
    const remainingMs = call.remainingMs();
    const metadata = metadataOf(call, options.waitForReady ?? false);
    // grpc-js counts its deadlines on the process's real time, whatever clock is injected.
    if (remainingMs === Infinity) return { client, call, metadata, options: {} };
    metadata.set(DEADLINE_HEADER, formatDeadlineStamp(clock.nowMs() + remainingMs));
    return { client, call, metadata, options: { deadline: systemClock.nowMs() + remainingMs } };
  };
  return {
    async call(method, input, call) {
      const grpc = begin(call);
      open.add(call);
      try {
        return await (method.requestStream ? callClientStream(grpc, method, input) : callUnary(grpc, method, input));
      } finally {
        open.delete(call);
      }
    },
    async *stream(method, input, call) {
      const grpc = begin(call);
      open.add(call);
      try {
        yield* method.requestStream ? streamBidi(grpc, method, input) : streamServer(grpc, method, input);
      } finally {
        open.delete(call);
      }
    },
    close() {
      if (closed !== undefined) return;
      closed = transportClosed();
      for (const call of [...open]) call.cancel(closed);
      client.close();
    },
  };
}

function channelOptions(options: GrpcTransportOptions): ChannelOptions {
  const { maxReceiveMessageBytes = 4 * 2 ** 20, keepaliveTimeMs = 60_000, reconnectDelayMaxMs = 2_000 } = options;
  for (const [name, value] of Object.entries({ maxReceiveMessageBytes, keepaliveTimeMs, reconnectDelayMaxMs })) {
    if (!(Number.isSafeInteger(value) && value > 0)) {
      throw new RangeError(`${name} must be a positive integer, got ${value}`);
    }
  }
  return {
    'grpc.max_receive_message_length': maxReceiveMessageBytes,
    'grpc.keepalive_time_ms': keepaliveTimeMs,
    'grpc.initial_reconnect_backoff_ms': Math.min(RECONNECT_DELAY_MIN_MS, reconnectDelayMaxMs),
    'grpc.max_reconnect_backoff_ms': reconnectDelayMaxMs,
    // Counters for a debugging service that is not offered here; they cost time on every call.
    'grpc.enable_channelz': 0,
    ...options.channelOptions,
  };
}

function metadataOf(call: OutgoingCall, waitForReady: boolean): Metadata {
  const metadata = waitForReady ? new Metadata({ waitForReady }) : new Metadata();
  try {
    for (const [name, value] of call.metadata) metadata.set(name, value);
  } catch (cause) {
    throw new StatusError({
      code: StatusCode.INTERNAL,
      reason: 'INVALID_METADATA',
      message: `metadata of ${call.method} that HTTP/2 cannot carry`,
      cause,
    });
  }
  return metadata;
}
