import { join } from 'node:path';
import { grpcTransport, remoteHealth } from '@giftmesh/mesh-client';
import type { RunningService } from './mesh-text';
import { addressesFor, planMesh, SERVICES, type ServerUrls, type ServiceName } from './plan';
import { ServiceProcess } from './service-process';

export interface MeshProcessesOptions {
  /** Which of them; they find only each other. Default all. */
  readonly services?: readonly ServiceName[];
  /** How many processes of each service. */
  readonly instances: number;
  /** 0 takes free ports. */
  readonly basePort: number;
  readonly servers: ServerUrls;
  /** Logs, and a folder for each process. */
  readonly folder: string;
  /** More settings of the processes of a service. Default none. */
  readonly settings?: Partial<Readonly<Record<ServiceName, Readonly<Record<string, string>>>>>;
  /** Arguments of Node itself: `--cpu-prof`. Default none. */
  readonly nodeArgs?: readonly string[];
  /** Told of each step. */
  readonly log: (line: string) => void;
  /** Ends the start. */
  readonly signal?: AbortSignal;
}

const HEALTH_NAMES: Readonly<Record<ServiceName, string>> = {
  'payment-da': 'giftmesh.payment.da.v1.PaymentDaService',
  'payment-station': 'giftmesh.payment.station.v1.PaymentStationService',
  interaction: 'giftmesh.interaction.v1.InteractionService',
};
/** How long a service that listens may take until it serves. */
const SERVING_LIMIT_MS = 60_000;
const HEALTH_EVERY_MS = 100;

/** The services as separate processes on servers that they share. */
export class MeshProcesses {
  readonly #processes: ServiceProcess[] = [];
  readonly #running: RunningService[] = [];

  private constructor(private readonly options: MeshProcessesOptions) {}

  /**
   * Starts all of them, callees first, and resolves when all serve; with undefined when the signal came before, with nothing left running.
   * Rejects with ExitError when one does not start.
   */
  static async start(options: MeshProcessesOptions): Promise<MeshProcesses | undefined> {
    const mesh = new MeshProcesses(options);
    const { signal } = options;
    const aborted = new Promise<void>((done) => signal?.addEventListener('abort', () => done(), { once: true }));
    try {
      await Promise.race([mesh.#start(), aborted]);
    } catch (error) {
      await mesh.stop();
      throw error;
    }
    if (signal?.aborted !== true) return mesh;
    await mesh.stop();
    return undefined;
  }

  /** Where the services listen, in the order of their start. */
  get running(): readonly RunningService[] {
    return this.#running;
  }

  /** All processes. */
  get processes(): readonly ServiceProcess[] {
    return this.#processes;
  }

  /** Rejects with an ExitError when a process ends by itself. */
  get failed(): Promise<never> {
    return Promise.race(this.#processes.map((one) => one.failed));
  }

  /** Ends all. Callers first: what they have begun still finds the services behind them. */
  async stop(): Promise<void> {
    for (const service of [...SERVICES].reverse())
      await Promise.all(this.#processes.filter((one) => one.service === service).map((one) => one.stop()));
  }

  async #start(): Promise<void> {
    const { services = SERVICES, folder, settings, nodeArgs = [], log, signal } = this.options;
    const plan = planMesh({ ...this.options, folderOf: (name) => join(folder, name) });
    for (const service of SERVICES.filter((known) => services.includes(known))) {
      if (signal?.aborted === true) return;
      const others = addressesFor(service, (of) =>
        this.#running.flatMap((at) => (at.service === of ? [at.address] : [])),
      );
      const own = plan
        .filter((planned) => planned.service === service)
        .map(
          ({ name, environment }) =>
            new ServiceProcess({
              name,
              service,
              environment: { ...environment, ...others, ...settings?.[service] },
              logFile: join(folder, 'logs', `${name}.log`),
              nodeArgs,
            }),
        );
      this.#processes.push(...own);
      log(`${service}: starting ${own.length}`);
      const addresses = await Promise.all(own.map((one) => one.listening()));
      own.forEach(({ name }, index) => this.#running.push({ name, service, address: addresses[index] as string }));
    }
    await Promise.race([Promise.all(this.#running.map((service) => serving(service, signal))), this.failed]);
  }
}

/** Resolves when the service says that it serves, and rejects when it does not in time. */
async function serving({ name, service, address }: RunningService, signal: AbortSignal | undefined): Promise<void> {
  const transport = grpcTransport({ address });
  const check = remoteHealth(transport, HEALTH_NAMES[service]);
  const endMs = performance.now() + SERVING_LIMIT_MS;
  try {
    for (;;) {
      const problem = await check().catch((error: unknown) => (error as Error).message);
      if (problem === undefined || signal?.aborted === true) return;
      if (performance.now() > endMs) throw new Error(`${name} does not serve: ${problem}`);
      await new Promise((later) => setTimeout(later, HEALTH_EVERY_MS));
    }
  } finally {
    transport.close();
  }
}
