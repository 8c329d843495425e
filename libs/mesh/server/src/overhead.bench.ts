// What createMeshServer costs over bare grpc-js, in server CPU (user + system) per unary call.
//
//   tsc -b libs/mesh/server && node libs/mesh/server/dist/overhead.bench.js [--quick]
//
// Workload: 64 calls in flight on one connection from a client in a process of its own, 32 bytes each way, a handler
// that does nothing. Baseline: a bare grpc-js server with the same handler, in the same process, in alternating rounds.
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
import { createMeshServer, service, type ServerPolicy } from './index';

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

async function serve(quick: boolean): Promise<void> {
  const calls = quick ? 4_000 : 20_000;
  const rounds = quick ? 5 : 9;
  const bare = new Server({ 'grpc.enable_channelz': 0 });
  bare.addService(definition, {
    echo: (call: ServerUnaryCall<Buffer, Buffer>, callback: sendUnaryData<Buffer>) => callback(null, call.request),
  });
  const through: ServerPolicy = (_call, next) => next();
  const mesh = (policies: readonly ServerPolicy[]) =>
    createMeshServer({
      services: [service(definition, { echo: async (request: Buffer) => request })],
      errorDomain: 'bench',
      policies,
    });
  const plain = mesh([]);
  const wrapped = mesh(Array.from({ length: 6 }, () => through));
  const ports = {
    bare: await new Promise<number>((resolve, reject) => {
      bare.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) =>
        error === null ? resolve(port) : reject(error),
      );
    }),
    mesh: await plain.listen('127.0.0.1:0'),
    'mesh with 6 policies': await wrapped.listen('127.0.0.1:0'),
  };

  const child = fork(__filename, ['client']);
  await once(child, 'message');
  const microseconds: Record<string, number[]> = {};
  for (let round = -1; round < rounds; round += 1) {
    for (const [name, port] of Object.entries(ports)) {
      const used = await cpuOf(child, { port, calls });
      // The first round warms up.
      if (round >= 0) (microseconds[name] ??= []).push(used / calls);
    }
  }
  child.disconnect();
  await Promise.all([plain.close(), wrapped.close()]);
  bare.forceShutdown();

  const baseline = median(microseconds['bare'] ?? []);
  for (const [name, values] of Object.entries(microseconds)) {
    const value = median(values);
    console.log(`${name}: ${value.toFixed(1)} µs CPU a call, ${(value / baseline).toFixed(3)} of bare`);
  }
}

async function cpuOf(child: ChildProcess, work: { readonly port: number; readonly calls: number }): Promise<number> {
  const before = process.cpuUsage();
  child.send(work);
  await once(child, 'message');
  const used = process.cpuUsage(before);
  return used.user + used.system;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? NaN;
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
        if (ended === calls) process.send?.('done');
        else next();
      });
    };
    for (let index = 0; index < IN_FLIGHT; index += 1) next();
  });
  process.on('disconnect', () => process.exit(0));
  process.send?.('ready');
}

if (process.argv[2] === 'client') load();
else void serve(process.argv.includes('--quick'));
