import type { AppProcess, Harness, MeshClients, ReadyLine } from '@giftmesh/test-harness';
import { checkHealth, HEALTH, SERVICE_NAMES } from './health';
import { eventually } from './eventually';

/** A service that has a process of its own. */
export type ServiceName = keyof typeof SERVICE_NAMES;

const APPS = { da: 'payment-da', station: 'payment-station', interaction: 'interaction' } as const;
const PORTS = { da: 'GIFTMESH_DA_PORT', station: 'GIFTMESH_STATION_PORT', interaction: 'GIFTMESH_INTERACTION_PORT' };

export interface ThreeProcessesOptions {
  readonly dataFolder?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** What only one of them is told, until it is started again. */
  readonly envOf?: (service: ServiceName) => Readonly<Record<string, string>>;
  /** See `AppOptions`, each process for itself, until it is started again. */
  readonly fileBytesMax?: Partial<Record<ServiceName, number>>;
  /** What the callers of a service are told as its address. Default its own. */
  readonly reachedAt?: (service: ServiceName, address: string) => Promise<string>;
}

/** Payment-DA, Payment-Station and Interaction as three processes on one data folder. */
export class ThreeProcesses implements MeshClients {
  readonly processes: Record<ServiceName, AppProcess>;
  readonly interaction: MeshClients['interaction'];
  readonly station: MeshClients['station'];
  readonly da: MeshClients['da'];

  private constructor(
    private readonly harness: Harness,
    readonly dataFolder: string,
    private readonly options: ThreeProcessesOptions,
    processes: Record<ServiceName, AppProcess>,
    readonly addresses: ReadyLine,
    private readonly reached: Readonly<Record<string, string>>,
  ) {
    this.processes = processes;
    ({ interaction: this.interaction, station: this.station, da: this.da } = harness.clients(addresses));
  }

  /** Starts the three, from the back to the front, and waits until all say that they serve. */
  static async start(harness: Harness, options: ThreeProcessesOptions = {}): Promise<ThreeProcesses> {
    const dataFolder = options.dataFolder ?? harness.folder('three');
    const { reachedAt = (_service, address) => Promise.resolve(address) } = options;
    const reached: Record<string, string> = {};
    const start = async (service: ServiceName) => {
      const process = spawn(harness, service, dataFolder, options, reached);
      return { process, address: await process.listening() };
    };
    const da = await start('da');
    reached['GIFTMESH_DA_ADDRESS'] = await reachedAt('da', da.address);
    const station = await start('station');
    reached['GIFTMESH_STATION_ADDRESS'] = await reachedAt('station', station.address);
    const interaction = await start('interaction');
    const three = new ThreeProcesses(
      harness,
      dataFolder,
      options,
      { da: da.process, station: station.process, interaction: interaction.process },
      { da: da.address, station: station.address, interaction: interaction.address },
      reached,
    );
    await three.allServe();
    return three;
  }

  /** Starts a service that has ended again, at the address that it had and without a limit, and waits until it listens. */
  async restart(service: ServiceName): Promise<void> {
    const port = this.addresses[service].split(':').at(-1) as string;
    const process = spawn(
      this.harness,
      service,
      this.dataFolder,
      { env: this.options.env ?? {} },
      {
        ...this.reached,
        [PORTS[service]]: port,
      },
    );
    this.processes[service] = process;
    await process.listening();
  }

  /** What a service says of its health; rejects when it does not answer. */
  health(service: ServiceName): Promise<number> {
    return checkHealth(this[service], SERVICE_NAMES[service]);
  }

  async allServe(): Promise<void> {
    for (const service of ['da', 'station', 'interaction'] as const) await this.says(service, HEALTH.SERVING);
  }

  /** Waits until a service says so. */
  async says(service: ServiceName, health: number): Promise<void> {
    await eventually(async () => expect([service, await this.health(service)]).toEqual([service, health]), 15_000);
  }
}

function spawn(
  harness: Harness,
  service: ServiceName,
  dataFolder: string,
  { env = {}, envOf = () => ({}), fileBytesMax = {} }: ThreeProcessesOptions,
  reached: Readonly<Record<string, string>>,
): AppProcess {
  const all: Record<string, string> = { ...env, ...envOf(service), ...reached };
  // A process refuses settings that are not its own.
  const own = Object.entries(all).filter(
    ([name]) =>
      !(name === 'GIFTMESH_DA_ADDRESS' && service !== 'station') &&
      !(name === 'GIFTMESH_STATION_ADDRESS' && service !== 'interaction'),
  );
  const max = fileBytesMax[service];
  return harness.spawn({
    app: APPS[service],
    dataFolder,
    env: Object.fromEntries(own),
    ...(max === undefined ? {} : { fileBytesMax: max }),
  });
}
