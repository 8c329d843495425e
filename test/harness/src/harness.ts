import type { ChannelCredentials, Client } from '@grpc/grpc-js';
import { da, interaction, station } from '@giftmesh/contract';
import { AppProcess, type AppOptions, type ReadyLine } from './app-process';
import { connect, type Connection } from './connection';
import { TempFolders } from './temp-folders';

/** Clients of all three services. */
export interface MeshClients {
  readonly interaction: Connection<interaction.InteractionServiceClient>;
  readonly station: Connection<station.PaymentStationServiceClient>;
  readonly da: Connection<da.PaymentDaServiceClient>;
}

/** A standalone that serves. */
export interface RunningMesh extends MeshClients {
  readonly process: AppProcess;
  readonly addresses: ReadyLine;
  readonly dataFolder: string;
}

/**
 * What one test starts and must not leave behind. Call {@link close} in `afterEach` (or `afterAll`): it kills what still runs,
 * closes clients and removes folders, whether the test passed or not.
 */
export class Harness {
  readonly folders = new TempFolders();
  readonly #processes = new Set<AppProcess>();
  readonly #connections = new Set<Connection<Client>>();

  /** An empty folder, removed at the end. */
  folder(name?: string): string {
    return this.folders.make(name);
  }

  /** Starts a process; does not wait for it. Give it a `dataFolder` to start on data that is there. */
  spawn(options: Partial<AppOptions> = {}): AppProcess {
    const app = new AppProcess({ app: 'standalone', ...options, dataFolder: options.dataFolder ?? this.folder() });
    this.#processes.add(app);
    void app.ended.catch(() => undefined).finally(() => this.#processes.delete(app));
    return app;
  }

  /** Starts a standalone, waits until it serves, and connects clients. */
  async startMesh(options: Partial<Omit<AppOptions, 'app'>> = {}): Promise<RunningMesh> {
    const dataFolder = options.dataFolder ?? this.folder();
    const process = this.spawn({ ...options, app: 'standalone', dataFolder });
    const addresses = await process.ready();
    return { process, addresses, dataFolder, ...this.clients(addresses) };
  }

  /** Clients of services that listen somewhere. */
  clients(addresses: ReadyLine): MeshClients {
    return {
      interaction: this.connect(interaction.InteractionServiceClient, addresses.interaction),
      station: this.connect(station.PaymentStationServiceClient, addresses.station),
      da: this.connect(da.PaymentDaServiceClient, addresses.da),
    };
  }

  /** {@link connect}, closed at the end. */
  connect<C extends Client>(
    constructor: Parameters<typeof connect<C>>[0],
    address: string,
    credentials?: ChannelCredentials,
  ): Connection<C> {
    const connection = connect(constructor, address, credentials);
    this.#connections.add(connection);
    return connection;
  }

  /** Closes the clients of one mesh: for tests that start many. */
  disconnect({ interaction, station, da }: MeshClients): void {
    for (const connection of [interaction, station, da]) {
      connection.close();
      this.#connections.delete(connection);
    }
  }

  /** Kills everything that runs, closes all clients and removes all folders. Can be called again. */
  async close(): Promise<void> {
    for (const connection of this.#connections) connection.close();
    this.#connections.clear();
    await Promise.all([...this.#processes].map((app) => app.kill().catch(() => undefined)));
    this.folders.removeAll();
  }
}
