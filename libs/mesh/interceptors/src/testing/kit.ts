import { setTimeout as delay } from 'node:timers/promises';
import {
  credentials,
  Metadata,
  Server,
  ServerCredentials,
  type ClientOptions,
  type ServerDuplexStream,
  type ServerReadableStream,
  type ServerUnaryCall,
  type ServerWritableStream,
  type ServiceError,
  type sendUnaryData,
} from '@grpc/grpc-js';
import type { StatusError } from '@giftmesh/kernel-errors';
import { systemClock } from '@giftmesh/kernel-time';
import type { ClientPolicy, ServerPolicy } from '@giftmesh/mesh-context';
import { fromGrpcError } from '@giftmesh/mesh-errors';
import { plainEcho, type PlainClient, type SayRequest, type SayResponse } from '@giftmesh/mesh-server/testing';
import {
  clientInterceptor,
  serverInterceptor,
  type ClientInterceptorOptions,
  type ServerInterceptorOptions,
} from '../index';

const PlainEcho = plainEcho();

/** Handlers of the echo service as plain grpc-js wants them. */
export interface PlainHandlers {
  say(call: ServerUnaryCall<SayRequest, SayResponse>, callback: sendUnaryData<SayResponse>): void;
  repeat(call: ServerWritableStream<SayRequest, SayResponse>): void;
  collect(call: ServerReadableStream<SayRequest, SayResponse>, callback: sendUnaryData<SayResponse>): void;
  chat(call: ServerDuplexStream<SayRequest, SayResponse>): void;
}

const handlersOfEcho: PlainHandlers = {
  say: (call, callback) => callback(null, { text: call.request.text, index: 0 }),
  repeat: (call) => {
    for (let index = 0; index < (call.request.times ?? 1); index += 1) call.write({ text: call.request.text, index });
    call.end();
  },
  collect: (call, callback) => {
    let text = '';
    let index = 0;
    call.on('data', (request: SayRequest) => {
      text += request.text;
      index += 1;
    });
    call.on('end', () => callback(null, { text, index }));
  },
  chat: (call) => {
    let index = 0;
    call.on('data', (request: SayRequest) => call.write({ text: request.text, index: index++ }));
    call.on('end', () => call.end());
  },
};

const closers: (() => unknown)[] = [];

/** Ends what a test started. */
export async function closeAll(): Promise<void> {
  for (const close of closers.splice(0).reverse()) await close();
}

/** Calls `close` when the test is over. */
export function later(close: () => unknown): void {
  closers.push(close);
}

/** A plain server of the echo service with nothing of the mesh but the interceptor, null for not even that. Resolves with its port. */
export async function plainServer(
  handlers: Partial<PlainHandlers> = {},
  options: Partial<ServerInterceptorOptions> | null = {},
): Promise<number> {
  const interceptors = options === null ? [] : [serverInterceptor({ errorDomain: 'echo.test', ...options })];
  const server = new Server({ interceptors });
  server.addService(PlainEcho.service, { ...handlersOfEcho, ...handlers });
  later(() => server.forceShutdown());
  return new Promise((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) =>
      error === null ? resolve(port) : reject(error),
    ),
  );
}

/** A plain client of the echo service with nothing of the mesh but the interceptor, null for not even that. */
export function clientTo(
  port: number,
  options: ClientInterceptorOptions | null = {},
  more: ClientOptions = {},
): PlainClient {
  const interceptors = options === null ? [] : [clientInterceptor(options)];
  const client = new PlainEcho(`127.0.0.1:${port}`, credentials.createInsecure(), {
    interceptors,
    ...more,
  }) as PlainClient;
  later(() => client.close());
  return client;
}

/** Calls a method with one answer; `requests` are sent one after the other when it takes many. */
export function single(
  client: PlainClient,
  method: string,
  requests: object | object[],
  { metadata = new Metadata(), deadlineMs = 10_000 } = {},
): Promise<SayResponse> {
  return new Promise((resolve, reject) => {
    const options = { deadline: systemClock.nowMs() + deadlineMs };
    const callback = (error: ServiceError | null, answer: SayResponse): void =>
      error === null ? resolve(answer) : reject(fromGrpcError(error));
    if (!Array.isArray(requests)) return void client[method](requests, metadata, options, callback);
    const stream = client[method](metadata, options, callback);
    for (const request of requests) stream.write(request);
    stream.end();
  });
}

/** Calls a method with a stream of answers, and reads them all. */
export function stream(
  client: PlainClient,
  method: string,
  requests: object | object[],
  { metadata = new Metadata(), deadlineMs = 10_000 } = {},
): Promise<SayResponse[]> {
  return new Promise((resolve, reject) => {
    const options = { deadline: systemClock.nowMs() + deadlineMs };
    const many = Array.isArray(requests);
    const call = many ? client[method](metadata, options) : client[method](requests, metadata, options);
    const answers: SayResponse[] = [];
    call.on('data', (answer: SayResponse) => answers.push(answer));
    call.on('error', (error: ServiceError) => reject(Object.assign(fromGrpcError(error), { answers })));
    call.on('end', () => resolve(answers));
    if (!many) return;
    for (const request of requests as object[]) call.write(request);
    call.end();
  });
}

/** How each of the four kinds of calls is made, the answers joined to one text. */
export const KINDS: readonly [string, (client: PlainClient, metadata?: Metadata) => Promise<string>][] = [
  [
    'unary',
    async (client, metadata) => (await single(client, 'say', { text: 'ab' }, { ...(metadata && { metadata }) })).text,
  ],
  [
    'client stream',
    async (client, metadata) =>
      (await single(client, 'collect', [{ text: 'a' }, { text: 'b' }], { ...(metadata && { metadata }) })).text,
  ],
  [
    'server stream',
    async (client, metadata) =>
      textOf(await stream(client, 'repeat', { text: 'ab', times: 1 }, { ...(metadata && { metadata }) })),
  ],
  [
    'bidi',
    async (client, metadata) =>
      textOf(await stream(client, 'chat', [{ text: 'a' }, { text: 'b' }], { ...(metadata && { metadata }) })),
  ],
];

function textOf(answers: readonly SayResponse[]): string {
  return answers.map(({ text }) => text).join('');
}

/** The StatusError that a call fails with. */
export function failureOf(call: Promise<unknown>): Promise<StatusError & { readonly answers?: SayResponse[] }> {
  return call.then(
    () => {
      throw new Error('the call should have failed');
    },
    (error: unknown) => error as StatusError,
  );
}

/** Waits for what must come, asking often. Rejects after 10 s. */
export async function until(condition: () => boolean): Promise<void> {
  for (let waits = 0; !condition(); waits += 1) {
    if (waits > 2_000) throw new Error(`never came: ${String(condition)}`);
    await delay(5);
  }
}

/** A policy that notes what it sees: `begin <method>`, `end <code or ok>`. */
export function notes(log: string[]): ServerPolicy & ClientPolicy {
  return {
    name: 'notes',
    begin: (call) => void log.push(`begin ${call.method.split('/').at(-1)}`),
    end: (_call, error) => void log.push(`end ${error?.reason ?? 'ok'}`),
  };
}
