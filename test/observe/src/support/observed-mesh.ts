import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort, type AppName, type AppProcess, type Harness, type MeshClients } from '@giftmesh/test-harness';
import { eventually } from './calls';
import { Exported } from './scrape';

/** A service that has a process of its own. */
export type ServiceName = 'payment-da' | 'payment-station' | 'interaction';
const SERVICES: readonly ServiceName[] = ['payment-da', 'payment-station', 'interaction'];
const STARTED_WITHIN_MS = 30_000;

/** The three services on embedded stores, with a behaviour file and an admin endpoint each; gathers what these export. */
export class ObservedMesh {
  readonly exported = new Exported();
  readonly #admins = new Map<ServiceName, string>();

  private constructor(
    private readonly harness: Harness,
    readonly clients: MeshClients,
    readonly processes: Readonly<Record<ServiceName, AppProcess>>,
    private readonly files: Readonly<Record<ServiceName, string>>,
    admins: ReadonlyMap<ServiceName, string>,
  ) {
    this.#admins = new Map(admins);
  }

  /** @param more settings of all of them. */
  static async start(harness: Harness, more: Readonly<Record<string, string>> = {}): Promise<ObservedMesh> {
    const folder = harness.folder('observed');
    const file = (service: ServiceName): string => join(folder, `${service}.json`);
    const admins = new Map<ServiceName, string>();
    for (const service of SERVICES) {
      writeBehaviour(file(service), {});
      admins.set(service, `127.0.0.1:${await freePort()}`);
    }
    const start = async (app: ServiceName & AppName, own: Readonly<Record<string, string>>) => {
      const env = { GIFTMESH_ADMIN_ADDRESS: admins.get(app), GIFTMESH_BEHAVIOUR_FILE: file(app), ...more, ...own };
      const process = harness.spawn({ app, dataFolder: join(folder, 'data'), env });
      return { process, address: await process.listening(STARTED_WITHIN_MS) };
    };
    const da = await start('payment-da', { GIFTMESH_AUDIT_INTERVAL_S: '1' });
    const station = await start('payment-station', { GIFTMESH_DA_ADDRESS: da.address });
    const interaction = await start('interaction', { GIFTMESH_STATION_ADDRESS: station.address });
    const mesh = new ObservedMesh(
      harness,
      harness.clients({ da: da.address, station: station.address, interaction: interaction.address }),
      { 'payment-da': da.process, 'payment-station': station.process, interaction: interaction.process },
      {
        'payment-da': file('payment-da'),
        'payment-station': file('payment-station'),
        interaction: file('interaction'),
      },
      admins,
    );
    await eventually(() => mesh.#serve(), STARTED_WITHIN_MS);
    return mesh;
  }

  /** Looks at all that run, as Prometheus would. */
  async scrape(): Promise<void> {
    for (const [service, address] of this.#admins) {
      if (this.processes[service].running) await this.#add(service, address);
    }
  }

  async #add(service: ServiceName, address: string): Promise<void> {
    const page = await fetch(`http://${address}/metrics`);
    if (!page.ok) throw new Error(`${service} answered ${page.status}`);
    this.exported.add(await page.text(), { job: service, instance: address, service });
  }

  /** Starts one more process that nobody calls, looks at it once, and ends it: for what those of the mesh do not export. */
  async scrapeOther(app: ServiceName, env: Readonly<Record<string, string>>): Promise<void> {
    const admin = `127.0.0.1:${await freePort()}`;
    const process = this.harness.spawn({
      app,
      dataFolder: this.harness.folder(`other-${app}`),
      env: { GIFTMESH_ADMIN_ADDRESS: admin, ...env },
    });
    await process.listening(STARTED_WITHIN_MS);
    await this.#add(app, admin);
    await process.kill();
  }

  /** Puts a behaviour in force. */
  async behave(service: ServiceName, behaviour: object): Promise<void> {
    writeBehaviour(this.files[service], behaviour);
    await eventually(async () => {
      const { behaviour: now } = await this.#state(service);
      if (JSON.stringify(now) !== JSON.stringify(behaviour)) throw new Error(`${service} behaves as before`);
    }, 10_000);
  }

  /** The last value of a series, of those that have these labels; undefined when there is none. */
  valueOf(name: string, labels: Readonly<Record<string, string>> = {}): number | undefined {
    return this.exported.series.find(
      (series) =>
        series.name === name && Object.entries(labels).every(([label, value]) => series.labels[label] === value),
    )?.value;
  }

  async #serve(): Promise<void> {
    await this.scrape();
    const serving = this.exported.series.filter(({ name }) => name === 'mesh_service_serving');
    const all = serving.map(({ labels, value }) => `${labels['rpc_service']} ${value}`);
    if (serving.length < SERVICES.length || all.some((each) => each.endsWith(' 0')))
      throw new Error(`not all serve: ${all.join(', ')}`);
  }

  async #state(service: ServiceName): Promise<{ readonly behaviour: unknown }> {
    const answer = await fetch(`http://${this.#admins.get(service)}/state`);
    return (await answer.json()) as { behaviour: unknown };
  }
}

function writeBehaviour(path: string, behaviour: object): void {
  writeFileSync(`${path}.new`, JSON.stringify(behaviour));
  renameSync(`${path}.new`, path);
}
