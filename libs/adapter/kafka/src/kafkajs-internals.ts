import { createRequire } from 'node:module';
import type { KafkaConfig } from 'kafkajs';
import type { ByteReader, ByteWriter } from './kafka-bytes';

// kafkajs as a transport: connections with TLS and SASL, request and answer matched, requests that time out. Its producer and consumer
// are not used; the README says why. These pieces are not part of its public face, so package.json names one exact version.

/** A request as kafkajs's connections take it. */
export interface TransportRequest<R> {
  readonly request: {
    readonly apiKey: number;
    readonly apiName: string;
    readonly apiVersion: number;
    readonly encode: () => Promise<ByteWriter>;
  };
  readonly response: {
    readonly decode: (payload: Buffer) => Promise<ByteReader>;
    readonly parse: (answer: ByteReader) => Promise<R>;
  };
  /** Milliseconds of the wall clock; at least the pool's counts. */
  readonly requestTimeout: number;
}

interface TransportConnection {
  readonly requestQueue: { scheduleCheckPendingRequests: () => void };
  readonly socket?: { destroy(): void };
  isConnected(): boolean;
  /** Whatever waits for an answer has failed. */
  rejectRequests(error: Error): void;
}

/** The connections to one broker: one for fetches, which wait, and one for all else. */
export interface TransportPool {
  readonly pool: readonly TransportConnection[];
  /** Connects the one for fetches (1) or the other (0) if it isn't. */
  getConnection(index: 0 | 1): Promise<TransportConnection>;
  send<R>(request: TransportRequest<R>): Promise<R>;
}

export interface TransportBroker {
  readonly connectionPool: TransportPool;
  /** Lowest and highest version of each request that the broker understands, by the request's key. */
  readonly versions: Readonly<Record<number, { readonly minVersion: number; readonly maxVersion: number }>>;
  connect(): Promise<void>;
  disconnect(): Promise<void>;
}

interface Logger {
  namespace(): Logger;
  debug(): void;
  info(): void;
  warn(): void;
  error(): void;
}

interface PoolOptions extends Pick<KafkaConfig, 'ssl' | 'sasl' | 'clientId' | 'connectionTimeout'> {
  readonly host: string;
  readonly port: number;
  readonly socketFactory: unknown;
  readonly requestTimeout: number;
  readonly enforceRequestTimeout: boolean;
  readonly reauthenticationThreshold: number;
  readonly logger: Logger;
}

/** An error that a broker has answered with. */
export interface ProtocolError extends Error {
  /** UPPER_SNAKE, as in Kafka's protocol. */
  readonly type: string;
  readonly retriable: boolean;
}

const load = createRequire(__filename);
const Broker = load('kafkajs/src/broker') as new (options: object) => TransportBroker;
const ConnectionPool = load('kafkajs/src/network/connectionPool') as new (options: PoolOptions) => TransportPool;
const makeSocketFactory = load('kafkajs/src/network/socketFactory') as () => unknown;

/** The error of a code. */
export const { createErrorFromCode: protocolError } = load('kafkajs/src/protocol/error') as {
  createErrorFromCode: (code: number) => ProtocolError;
};

const silent: Logger = {
  namespace: () => silent,
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

export interface TransportOptions extends Pick<KafkaConfig, 'ssl' | 'sasl' | 'clientId'> {
  /** For a connection, and for each step of getting to know the broker. */
  readonly connectTimeoutMs: number;
}

/** Before a session of SASL ends, it is made anew so long before, milliseconds. */
const REAUTHENTICATION_MS = 10_000;

/** A broker that has yet to be connected. */
export function transportBroker(address: string, options: TransportOptions): TransportBroker {
  const { connectTimeoutMs, clientId, ssl, sasl } = options;
  const at = address.lastIndexOf(':');
  const connectionPool = new ConnectionPool({
    ...(clientId === undefined ? {} : { clientId }),
    ...(ssl === undefined ? {} : { ssl }),
    ...(sasl === undefined ? {} : { sasl }),
    host: address.slice(0, at),
    port: Number(address.slice(at + 1)),
    socketFactory: makeSocketFactory(),
    connectionTimeout: connectTimeoutMs,
    // Only until the broker is known; behind that, requests are timed by a clock that doesn't jump.
    requestTimeout: connectTimeoutMs,
    enforceRequestTimeout: true,
    reauthenticationThreshold: REAUTHENTICATION_MS,
    logger: silent,
  });
  // Each answer would start a timer of a millisecond that starts itself again for ever: for requests that wait, which ours never do.
  for (const { requestQueue } of connectionPool.pool) requestQueue.scheduleCheckPendingRequests = () => undefined;
  return new Broker({
    connectionPool,
    logger: silent,
    allowAutoTopicCreation: false,
    authenticationTimeout: connectTimeoutMs,
    reauthenticationThreshold: REAUTHENTICATION_MS,
  });
}
