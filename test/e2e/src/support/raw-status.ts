import { Client, Metadata, status, type ChannelCredentials, type ServiceError } from '@grpc/grpc-js';
import { CallError } from '@giftmesh/test-harness';

/** Longer than an answer takes on a busy machine, milliseconds. */
const TIMEOUT_MS = 15_000;

/** How a call ended. */
export interface RawStatus {
  readonly code: status;
  /** `ErrorInfo.reason`, empty when there is none. */
  readonly reason: string;
  readonly info: Readonly<Record<string, string>>;
}

/**
 * Calls any method with the bytes of one request, on a connection of its own, and tells how that ended. A first answer counts as OK; a stream
 * that has none ends with DEADLINE_EXCEEDED.
 */
export function rawStatus(
  address: string,
  credentials: ChannelCredentials,
  path: string,
  request: Buffer,
  timeoutMs = TIMEOUT_MS,
): Promise<RawStatus> {
  const client = new Client(address, credentials, { 'grpc.use_local_subchannel_pool': 1, 'grpc.enable_retries': 0 });
  const bytes = (value: Buffer): Buffer => value;
  const call = client.makeBidiStreamRequest(path, bytes, bytes, new Metadata(), { deadline: Date.now() + timeoutMs });
  return new Promise<RawStatus>((resolve) => {
    const end = (result: RawStatus): void => {
      resolve(result);
      call.cancel();
      client.close();
    };
    call.on('data', () => end({ code: status.OK, reason: '', info: {} }));
    call.on('error', (error: ServiceError) => end(new CallError(error)));
    call.on('status', ({ code }) => {
      if (code === status.OK) end({ code, reason: '', info: {} });
    });
    call.end(request);
  });
}
