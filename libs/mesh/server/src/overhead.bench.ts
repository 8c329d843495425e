// What createMeshServer costs over bare grpc-js, in server CPU (user + system) per unary call.
//
//   tsc -b libs/mesh/server && node libs/mesh/server/dist/overhead.bench.js [--quick]
//
// Workload: 64 calls in flight on one connection, 32 bytes each way, a handler that does nothing, a deadline and its
// stamp on each call. Baseline: a bare grpc-js server with the same handler. Every server, and the client, is a process
// of its own (AsyncLocalStorage slows a whole process, the baseline too); rounds alternate.
import { AsyncLocalStorage } from 'node:async_hooks';
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  Client,
  credentials,
  Metadata,
  Server,
  ServerCredentials,
  type sendUnaryData,
  type ServerUnaryCall,
} from '@grpc/grpc-js';
import type { ServerPolicy } from '@giftmesh/mesh-context';
import { createMeshServer, service } from './index';

const bytes = (value: Buffer): Buffer => value;
const definition = {
  echo: {
    path: '/bench.Echo/Echo',
    requestStream: false,
    responseStream: false,
    requestSerialize: bytes,
    requestDeserialize: bytes,
    responseSerialize: bytes,
    responseDeserialize: bytes,
  },
} as const;

const IN_FLIGHT = 64;
// What AsyncLocalStorage alone costs is shown apart: it is the price of a context that nobody passes by hand.
const SERVERS = ['bare', 'bare in AsyncLocalStorage', 'mesh', 'mesh with 6 policies'];

async function main(quick: boolean): Promise<void> {
  const calls = quick ? 4_000 : 20_000;
  const rounds = quick ? 5 : 11;
  const client = fork(__filename, ['client']);
  await once(client, 'message');
  const servers: { name: string; process: ChildProcess; port: number; microseconds: number[] }[] = [];
  for (const name of SERVERS) {
    const process = fork(__filename, ['server', name]);
    const [port] = (await once(process, 'message')) as [number];
    servers.push({ name, process, port, microseconds: [] });
  }
  // The first round warms up.
  for (let round = -1; round < rounds; round += 1) {
    for (const { process, port, microseconds } of servers) {
      const before = await ask(process, 'cpu');
      await ask(client, { port, calls });
      const used = (await ask(process, 'cpu')) - before;
      if (round >= 0) microseconds.push(used / calls);
    }
  }
  for (const child of [client, ...servers.map(({ process }) => process)]) child.disconnect();
  const baseline = median(servers[0]?.microseconds ?? []);
  for (const { name, microseconds } of servers) {
    const value = median(microseconds);
    console.log(`${name}: ${value.toFixed(1)} µs CPU a call, ${(value / baseline).toFixed(3)} of bare`);
  }
}

async function ask(child: ChildProcess, question: string | object): Promise<number> {
  child.send(question);
  const [answer] = (await once(child, 'message')) as [number];
  return answer;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? NaN;
}

async function serve(name: string | undefined): Promise<void> {
  const port = await (name?.startsWith('bare') ? listenBare(name !== 'bare') : listenMesh(name === 'mesh' ? 0 : 6));
  process.on('message', () => {
    const { user, system } = process.cpuUsage();
    process.send?.(user + system);
  });
  process.on('disconnect', () => process.exit(0));
  process.send?.(port);
}

function listenMesh(policies: number): Promise<number> {
  const through: ServerPolicy = { name: 'through', begin: () => undefined, end: () => undefined };
  const server = createMeshServer({
    services: [service(definition, { echo: async (request: Buffer) => request })],
    errorDomain: 'bench',
    policies: Array.from({ length: policies }, () => through),
  });
  return server.listen('127.0.0.1:0');
}

function listenBare(stored: boolean): Promise<number> {
  const server = new Server({ 'grpc.enable_channelz': 0 });
  const storage = new AsyncLocalStorage<object>();
  const answer = (call: ServerUnaryCall<Buffer, Buffer>, callback: sendUnaryData<Buffer>): void =>
    callback(null, call.request);
  server.addService(definition, {
    echo: stored
      ? (call: ServerUnaryCall<Buffer, Buffer>, callback: sendUnaryData<Buffer>) =>
          storage.run({}, answer, call, callback)
      : answer,
  });
  return new Promise((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) =>
      error === null ? resolve(port) : reject(error),
    );
  });
}

function load(): void {
  const clients = new Map<number, Client>();
  const payload = Buffer.alloc(32, 'x');
  process.on('message', ({ port, calls }: { port: number; calls: number }) => {
    const client = clients.get(port) ?? new Client(`127.0.0.1:${port}`, credentials.createInsecure());
    clients.set(port, client);
    let started = 0;
    let ended = 0;
    const next = (): void => {
      if (started === calls) return;
      started += 1;
      const metadata = new Metadata();
      const deadline = Date.now() + 3_000;
      metadata.set('x-deadline-unix-ms', String(deadline));
      client.makeUnaryRequest(definition.echo.path, bytes, bytes, payload, metadata, { deadline }, (error) => {
        if (error !== null) throw error;
        ended += 1;
        if (ended === calls) process.send?.(0);
        else next();
      });
    };
    for (let index = 0; index < IN_FLIGHT; index += 1) next();
  });
  process.on('disconnect', () => process.exit(0));
  process.send?.(0);
}

const [role, name] = process.argv.slice(2);
if (role === 'client') load();
else if (role === 'server') void serve(name);
else void main(process.argv.includes('--quick'));
