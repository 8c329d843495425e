import { sleep, systemClock } from '@giftmesh/kernel-time';
import { grpcTransport, remoteHealth } from '@giftmesh/mesh-client';
import type { AppName, AppProcess, Harness, MeshClients } from '@giftmesh/test-harness';
import type { MeshServers } from './mesh-servers';

/** A service of the mesh. */
export type ServiceName = 'da' | 'station' | 'interaction';

/** The first process of a service, or the second. */
export type Instance = 0 | 1;

/** As the services name themselves. */
export const SERVICE_NAMES: Readonly<Record<ServiceName, string>> = {
  interaction: 'giftmesh.interaction.v1.InteractionService',
  station: 'giftmesh.payment.station.v1.PaymentStationService',
  da: 'giftmesh.payment.da.v1.PaymentDaService',
};

const INSTANCES = [0, 1] as const;
/** Callees first. */
const SERVICES = ['da', 'station', 'interaction'] as const;
const APPS: Readonly<Record<ServiceName, AppName>> = {
  da: 'payment-da',
  station: 'payment-station',
  interaction: 'interaction',
};
const PORTS: Readonly<Record<ServiceName, string>> = {
  da: 'GIFTMESH_DA_PORT',
  station: 'GIFTMESH_STATION_PORT',
  interaction: 'GIFTMESH_INTERACTION_PORT',
};
/** The longest that a process waits for servers that come back, milliseconds. */
const LISTENS_WITHIN_MS = 60_000;
const SERVES_WITHIN_MS = 60_000;
const LOOK_EVERY_MS = 50;
/** A line of pino's, of level error or fatal. */
const ERROR_LINE = /^\{"level":[56]0,/;

/** Two processes of each service on servers that they share. */
export class ServerMesh {
  readonly #folders: Readonly<Record<ServiceName, readonly string[]>>;
  readonly #processes: Record<ServiceName, AppProcess[]> = { da: [], station: [], interaction: [] };
  readonly #addresses: Record<ServiceName, readonly string[]> = { da: [], station: [], interaction: [] };

  private constructor(
    private readonly harness: Harness,
    private readonly servers: MeshServers,
  ) {
    const folders = (service: ServiceName): string[] => INSTANCES.map((index) => harness.folder(`${service}-${index}`));
    this.#folders = { da: folders('da'), station: folders('station'), interaction: folders('interaction') };
  }

  /** Starts all, from the back to the front, and waits until all say that they serve. */
  static async start(harness: Harness, servers: MeshServers): Promise<ServerMesh> {
    const mesh = new ServerMesh(harness, servers);
    for (const service of SERVICES) {
      for (const index of INSTANCES) mesh.#processes[service][index] = mesh.#spawn(service, index);
      mesh.#addresses[service] = await Promise.all(
        mesh.#processes[service].map((one) => one.listening(LISTENS_WITHIN_MS)),
      );
    }
    await mesh.allServe();
    return mesh;
  }

  /** Clients of the first processes, or of the second ones. Their taker's to disconnect. */
  clients(index: Instance): MeshClients {
    const at = (service: ServiceName): string => this.#addresses[service][index] as string;
    return this.harness.clients({ interaction: at('interaction'), station: at('station'), da: at('da') });
  }

  process(service: ServiceName, index: Instance): AppProcess {
    return this.#processes[service][index] as AppProcess;
  }

  /** What the processes that were started last have logged as errors, each line with the name of its process. */
  errorLines(): string[] {
    return SERVICES.flatMap((service) =>
      INSTANCES.flatMap((index) =>
        this.process(service, index)
          .stderr.split('\n')
          .filter((line) => ERROR_LINE.test(line))
          .map((line) => `${service} ${index + 1}: ${line}`),
      ),
    );
  }

  /** Starts a process that has ended again, at the address that it had, and waits until it listens. */
  async restart(service: ServiceName, index: Instance): Promise<void> {
    const port = this.#addresses[service][index]?.split(':').at(-1) as string;
    const started = this.#spawn(service, index, { [PORTS[service]]: port });
    this.#processes[service][index] = started;
    await started.listening(LISTENS_WITHIN_MS);
  }

  /** Resolves when every process says that it serves; rejects, with what the first of the others says, when one does not in time. */
  async allServe(): Promise<void> {
    for (const service of SERVICES)
      for (const address of this.#addresses[service]) await serves(address, SERVICE_NAMES[service]);
  }

  #spawn(service: ServiceName, index: Instance, more: Readonly<Record<string, string>> = {}): AppProcess {
    const { redis, mariadb, kafka } = this.servers;
    const target = (of: ServiceName): string => `ipv4:${this.#addresses[of].join(',')}`;
    const own: Readonly<Record<ServiceName, () => Readonly<Record<string, string>>>> = {
      da: () => ({ GIFTMESH_REDIS_URL: redis.url, GIFTMESH_MYSQL_URL: mariadb.url }),
      station: () => ({ GIFTMESH_REDIS_URL: redis.url, GIFTMESH_DA_ADDRESS: target('da') }),
      interaction: () => ({ GIFTMESH_STATION_ADDRESS: target('station') }),
    };
    return this.harness.spawn({
      app: APPS[service],
      dataFolder: this.#folders[service][index] as string,
      env: {
        GIFTMESH_STORES: 'servers',
        GIFTMESH_KAFKA_BROKERS: kafka.brokers.join(','),
        ...own[service](),
        ...more,
      },
    });
  }
}

async function serves(address: string, service: string): Promise<void> {
  const transport = grpcTransport({ address });
  const check = remoteHealth(transport, service);
  const endMs = systemClock.monotonicMs() + SERVES_WITHIN_MS;
  try {
    for (;;) {
      const problem = await check().catch((error: unknown) => (error as Error).message);
      if (problem === undefined) return;
      if (systemClock.monotonicMs() > endMs) throw new Error(`${service} at ${address} does not serve: ${problem}`);
      await sleep(systemClock, LOOK_EVERY_MS);
    }
  } finally {
    transport.close();
  }
}
