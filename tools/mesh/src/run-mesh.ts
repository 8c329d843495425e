import { join, resolve } from 'node:path';
import { EXIT, knownExitCode } from '@giftmesh/adapter-process';
import { grpcTransport, remoteHealth } from '@giftmesh/mesh-client';
import { meshText, type RunningService } from './mesh-text';
import { HELP, parseOptions, type MeshOptions } from './options';
import { addressesFor, planMesh, SERVICES, type ServerUrls, type ServiceName } from './plan';
import { serversUp } from './servers';
import { ServiceProcess } from './service-process';

/** What the command works with. */
export interface MeshIo {
  /** The answer and nothing else. */
  readonly stdout: { write(text: string): unknown };
  /** Progress and complaints. */
  readonly stderr: { write(text: string): unknown };
  /** Ends the mesh when it aborts. */
  readonly signal: AbortSignal;
  /** Default starts them or finds them. */
  readonly servers?: () => Promise<ServerUrls>;
}

const HEALTH_NAMES: Readonly<Record<ServiceName, string>> = {
  'payment-da': 'giftmesh.payment.da.v1.PaymentDaService',
  'payment-station': 'giftmesh.payment.station.v1.PaymentStationService',
  interaction: 'giftmesh.interaction.v1.InteractionService',
};
/** How long a service that listens may take until it serves. */
const SERVING_LIMIT_MS = 60_000;
const HEALTH_EVERY_MS = 100;

/** Runs the command line `args` until the signal, and returns its exit code. */
export async function runMesh(args: readonly string[], io: MeshIo): Promise<number> {
  try {
    const options = parseOptions(args);
    if (options.kind === 'run') return await run(options, io);
    io.stdout.write(`${HELP}\n`);
    return EXIT.OK;
  } catch (error) {
    const code = knownExitCode(error);
    io.stderr.write(`${code === undefined ? ((error as Error).stack ?? String(error)) : (error as Error).message}\n`);
    return code ?? EXIT.SOFTWARE;
  }
}

async function run(options: Extract<MeshOptions, { kind: 'run' }>, io: MeshIo): Promise<number> {
  const { stdout, stderr, signal } = io;
  const ended = new Promise<void>((done) => signal.addEventListener('abort', () => done(), { once: true }));
  const servers = await (io.servers ?? serversUp)();
  const folder = resolve(options.folder);
  const plan = planMesh({ ...options, servers, folderOf: (name) => join(folder, name) });
  const processes: ServiceProcess[] = [];
  const running: RunningService[] = [];
  try {
    for (const service of SERVICES) {
      if (signal.aborted) return EXIT.OK;
      const others = addressesFor(service, (of) => running.flatMap((at) => (at.service === of ? [at.address] : [])));
      const own = plan
        .filter((planned) => planned.service === service)
        .map(
          ({ name, environment }) =>
            new ServiceProcess({
              name,
              service,
              environment: { ...environment, ...others },
              logFile: join(folder, 'logs', `${name}.log`),
            }),
        );
      processes.push(...own);
      stderr.write(`${service}: starting ${own.length}\n`);
      const addresses = await Promise.race([Promise.all(own.map((one) => one.listening())), ended]);
      if (addresses === undefined) return EXIT.OK;
      own.forEach(({ name }, index) => running.push({ name, service, address: addresses[index] as string }));
    }
    const failed = Promise.race(processes.map((one) => one.failed));
    await Promise.race([Promise.all(running.map((service) => serving(service, signal))), failed, ended]);
    if (signal.aborted) return EXIT.OK;
    stdout.write(`${options.json ? JSON.stringify({ ready: true, services: running }) : meshText(running, folder)}\n`);
    await Promise.race([ended, failed]);
    return EXIT.OK;
  } finally {
    // Callers first: what they have begun still finds the services behind them.
    for (const service of [...SERVICES].reverse())
      await Promise.all(processes.filter((one) => one.service === service).map((one) => one.stop()));
    stderr.write('the services have ended; the servers stay: npm run infra -- down\n');
  }
}

/** Resolves when the service says that it serves, and rejects when it does not in time. */
async function serving({ name, service, address }: RunningService, signal: AbortSignal): Promise<void> {
  const transport = grpcTransport({ address });
  const check = remoteHealth(transport, HEALTH_NAMES[service]);
  const endMs = performance.now() + SERVING_LIMIT_MS;
  try {
    for (;;) {
      const problem = await check().catch((error: unknown) => (error as Error).message);
      if (problem === undefined || signal.aborted) return;
      if (performance.now() > endMs) throw new Error(`${name} does not serve: ${problem}`);
      await new Promise((later) => setTimeout(later, HEALTH_EVERY_MS));
    }
  } finally {
    transport.close();
  }
}
