import {
  credentials,
  Metadata,
  type ChannelCredentials,
  type CallOptions as GrpcCallOptions,
  type Client,
  type ClientOptions,
  type ClientUnaryCall,
  type ServiceError,
} from '@grpc/grpc-js';
import { CallError } from './call-error';

/** A unary call's deadline when nothing else is said, milliseconds. */
export const CALL_TIMEOUT_MS = 10_000;

export interface CallOptions {
  /** Deadline from now, milliseconds. Default {@link CALL_TIMEOUT_MS}; Infinity for none. */
  readonly timeoutMs?: number;
  readonly metadata?: Readonly<Record<string, string>>;
  /** Cancels the call. */
  readonly signal?: AbortSignal;
}

type UnaryMethod<Request, Response> = (
  request: Request,
  metadata: Metadata,
  options: Partial<GrpcCallOptions>,
  callback: (error: ServiceError | null, response: Response) => void,
) => ClientUnaryCall;

/** The unary methods of a generated grpc-js client, as promises. They reject with {@link CallError}. */
export type UnaryCalls<C> = {
  readonly [
    Name in keyof C as C[Name] extends UnaryMethod<infer _Request, infer _Response> ? Name : never
  ]: C[Name] extends UnaryMethod<infer Request, infer Response>
    ? (request: Request, options?: CallOptions) => Promise<Response>
    : never;
};

export interface Connection<C extends Client> {
  readonly address: string;
  /** The generated client: for streams, and for what promises hide. */
  readonly client: C;
  /** Its unary methods as promises. */
  readonly call: UnaryCalls<C>;
  close(): void;
}

/**
 * Connects a generated grpc-js client, without TLS unless credentials are given. Nothing of our own client libraries is in it: no retries, no policies, and
 * no connection shared with other clients.
 *
 *     const { call, client } = connect(interaction.InteractionServiceClient, '127.0.0.1:7001');
 *     const { gifts } = await call.listGifts({ roomId: 1n, pageSize: 0, pageToken: '' });
 */
export function connect<C extends Client>(
  constructor: new (address: string, credentials: ChannelCredentials, options?: Partial<ClientOptions>) => C,
  address: string,
  channelCredentials = credentials.createInsecure(),
): Connection<C> {
  const client = new constructor(address, channelCredentials, {
    'grpc.use_local_subchannel_pool': 1,
    'grpc.enable_retries': 0,
    'grpc.initial_reconnect_backoff_ms': 50,
    'grpc.max_reconnect_backoff_ms': 500,
    'grpc.max_receive_message_length': -1,
  });
  const call = new Proxy(client, {
    get: (target, name) => (request: unknown, options?: CallOptions) =>
      unary(
        (target as unknown as Record<string | symbol, unknown>)[name] as UnaryMethod<unknown, unknown>,
        target,
        request,
        options,
      ),
  }) as unknown as UnaryCalls<C>;
  return { address, client, call, close: () => client.close() };
}

function unary(
  method: UnaryMethod<unknown, unknown>,
  client: Client,
  request: unknown,
  { timeoutMs = CALL_TIMEOUT_MS, metadata = {}, signal }: CallOptions = {},
): Promise<unknown> {
  const sent = new Metadata();
  for (const [name, value] of Object.entries(metadata)) sent.set(name, value);
  return new Promise((resolve, reject) => {
    const options = timeoutMs === Infinity ? {} : { deadline: Date.now() + timeoutMs };
    const call = method.call(client, request, sent, options, (error, response) => {
      signal?.removeEventListener('abort', cancel);
      if (error === null) resolve(response);
      else reject(new CallError(error));
    });
    const cancel = (): void => call.cancel();
    signal?.addEventListener('abort', cancel, { once: true });
  });
}
