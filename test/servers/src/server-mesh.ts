import { sleep, systemClock } from '@giftmesh/kernel-time';
import { grpcTransport, remoteHealth } from '@giftmesh/mesh-client';
import type { AppName, AppProcess, Harness, MeshClients } from '@giftmesh/test-harness';
import { INSTANCES, SERVICE_NAMES, SERVICES, type Instance, type ServiceName } from './mesh-names';
import type { MeshServers, ServerAddresses } from './mesh-servers';
import { ProcessClock } from './process-clock';

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
/** Lines of its log that are shown of a process that does not serve. */
const SAID_LINES = 30;
/** A line of pino's, of level error or fatal. */
const ERROR_LINE = /^\{"level":[56]0,/;

/** What the processes of services are told beside what they need. */
export type MoreSettings = Partial<Readonly<Record<ServiceName, Readonly<Record<string, string>>>>>;

/** Two processes of each service on servers that they share. */
export class ServerMesh {
  readonly #folders: Readonly<Record<ServiceName, readonly string[]>>;
  readonly #clocks: Readonly<Record<ServiceName, readonly ProcessClock[]>>;
  readonly #processes: Record<ServiceName, AppProcess[]> = { da: [], station: [], interaction: [] };
  readonly #addresses: Record<ServiceName, readonly string[]> = { da: [], station: [], interaction: [] };

  private constructor(
    private readonly harness: Harness,
    private readonly servers: MeshServers,
    private readonly settings: MoreSettings,
  ) {
    const folders = (service: ServiceName): string[] => INSTANCES.map((index) => harness.folder(`${service}-${index}`));
    this.#folders = { da: folders('da'), station: folders('station'), interaction: folders('interaction') };
    const clocks = (service: ServiceName): ProcessClock[] =>
      this.#folders[service].map((folder) => new ProcessClock(folder));
    this.#clocks = { da: clocks('da'), station: clocks('station'), interaction: clocks('interaction') };
  }

  /** Starts all, from the back to the front, and waits until all say that they serve. */
  static async start(harness: Harness, servers: MeshServers, settings: MoreSettings = {}): Promise<ServerMesh> {
    const mesh = new ServerMesh(harness, servers, settings);
    for (const service of SERVICES) {
      for (const index of INSTANCES) mesh.#processes[service][index] = mesh.#spawn(service, index);
      mesh.#addresses[service] = await Promise.all(
        mesh.#processes[service].map((one) => one.listening(LISTENS_WITHIN_MS)),
      );
      for (const index of INSTANCES) servers.links?.lead(service, portOf(mesh.#addresses[service][index]), index);
    }
    await mesh.allServe();
    return mesh;
  }

  /** Clients of the first processes, or of the second ones. Their taker's to disconnect. */
  clients(index: Instance): MeshClients {
    const at = (service: ServiceName): string => this.#addresses[service][index] as string;
    return this.harness.clients({ interaction: at('interaction'), station: at('station'), da: at('da') });
  }

  /** The wall clock of a process, those that take its place included. */
  clock(service: ServiceName, index: Instance): ProcessClock {
    return this.#clocks[service][index] as ProcessClock;
  }

  process(service: ServiceName, index: Instance): AppProcess {
    return this.#processes[service][index] as AppProcess;
  }

  /** What the processes that were started last have logged as errors, each line with the name of its process. */
  errorLines(): string[] {
    return this.#lines((lines) => lines.filter((line) => ERROR_LINE.test(line)));
  }

  /** The end of what each of these processes has logged, each line with the name of its process. */
  lastLines(count: number): string[] {
    return this.#lines((lines) => lines.slice(-count));
  }

  #lines(pick: (lines: string[]) => string[]): string[] {
    return SERVICES.flatMap((service) =>
      INSTANCES.flatMap((index) =>
        pick(this.process(service, index).stderr.trimEnd().split('\n')).map(
          (line) => `${service} ${index + 1}: ${line}`,
        ),
      ),
    );
  }

  /** Starts a process that has ended again, at the address that it had, and waits until it listens. */
  async restart(service: ServiceName, index: Instance): Promise<void> {
    const port = portOf(this.#addresses[service][index]);
    const started = this.#spawn(service, index, { [PORTS[service]]: String(port) });
    this.#processes[service][index] = started;
    await started.listening(LISTENS_WITHIN_MS);
  }

  /** Resolves when every process says that it serves; rejects, with what the first of the others says, when one does not in time. */
  async allServe(): Promise<void> {
    for (const service of SERVICES)
      for (const index of INSTANCES) {
        const address = this.#addresses[service][index] as string;
        try {
          await serves(address, SERVICE_NAMES[service]);
        } catch (error) {
          const said = this.process(service, index).stderr.trimEnd().split('\n').slice(-SAID_LINES).join('\n');
          throw new Error(`${service} ${index + 1} does not serve; its log ends with\n${said}`, { cause: error });
        }
      }
  }

  /**
   * Starts one more process of Payment-DA, behind no link, and waits until it listens: it takes partitions from the others. Its starter's to
   * end; then they get them back.
   */
  async startThirdDa(): Promise<AppProcess> {
    const third = this.harness.spawn({
      app: APPS.da,
      dataFolder: this.harness.folder('da-third'),
      env: environmentOf('da', this.servers.addresses),
    });
    await third.listening(LISTENS_WITHIN_MS);
    return third;
  }

  #spawn(service: ServiceName, index: Instance, more: Readonly<Record<string, string>> = {}): AppProcess {
    return this.harness.spawn({
      app: APPS[service],
      dataFolder: this.#folders[service][index] as string,
      env: {
        ...this.clock(service, index).environment,
        ...environmentOf(service, this.servers.addressesFor(service, index)),
        ...this.#callees(service, index),
        ...this.settings[service],
        ...more,
      },
    });
  }

  #callees(service: ServiceName, index: Instance): Readonly<Record<string, string>> {
    const target = (of: ServiceName): string => {
      const { links } = this.servers;
      if (links === undefined) return `ipv4:${this.#addresses[of].join(',')}`;
      return `ipv4:${INSTANCES.map((each) => `127.0.0.1:${links.port(service, index, of, each)}`).join(',')}`;
    };
    if (service === 'station') return { GIFTMESH_DA_ADDRESS: target('da') };
    return service === 'interaction' ? { GIFTMESH_STATION_ADDRESS: target('station') } : {};
  }
}

function environmentOf(service: ServiceName, addresses: ServerAddresses): Readonly<Record<string, string>> {
  return {
    GIFTMESH_STORES: 'servers',
    GIFTMESH_KAFKA_BROKERS: addresses.kafkaBrokers,
    ...(service === 'interaction' ? {} : { GIFTMESH_REDIS_URL: addresses.redisUrl }),
    ...(service === 'station' ? {} : { GIFTMESH_MYSQL_URL: addresses.mysqlUrl }),
  };
}

const portOf = (address: string | undefined): number => Number(address?.split(':').at(-1));

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
