import { BOOTSTRAP_TEXT, useXds } from '@giftmesh/adapter-xds';
import { ControlPlane } from '../control-plane/control-plane';
import { cluster, endpoints, listener, routes, type ClusterOptions, type Route } from '../control-plane/resources';
import { Backend } from './backend';
import { PlainClient } from './plain-client';
import { until } from './until';

/** The target that all tests call. */
export const TARGET = 'xds:///naming';
const NAME = 'naming';

/** What a control plane says of a service, in few words. */
export interface Layout {
  readonly routes: readonly Route[];
  readonly clusters: Readonly<Record<string, ClusterOptions>>;
  /** The backends of each cluster. */
  readonly backends: Readonly<Record<string, readonly Backend[]>>;
}

/**
 * A control plane, and backends and clients that end with it. grpc-js-xds has one connection to one control plane for the process, which
 * for tests is a spec file.
 */
export class World {
  readonly #backends: Backend[] = [];
  readonly #clients: { close(): void }[] = [];

  private constructor(readonly plane: ControlPlane) {}

  /** @param serverFeatures What the bootstrap says of the control plane. Default as `ControlPlane.bootstrap` has it. */
  static async start(serverFeatures?: readonly string[]): Promise<World> {
    const plane = await ControlPlane.start();
    process.env[BOOTSTRAP_TEXT] = plane.bootstrap('test', serverFeatures);
    await useXds({ TARGET });
    return new World(plane);
  }

  /** Backends of these names. */
  async backends<const Names extends readonly string[]>(
    ...names: Names
  ): Promise<{ readonly [Index in keyof Names]: Backend }> {
    const started = await Promise.all(names.map((name) => Backend.start(name)));
    this.#backends.push(...started);
    return started as never;
  }

  /** Says where calls go. What the routes name is there before the routes are. */
  lay({ routes: table, clusters, backends }: Layout): void {
    this.layEndpoints(backends);
    this.plane.set(
      'cluster',
      Object.fromEntries(Object.entries(clusters).map(([name, options]) => [name, cluster(name, options)])),
    );
    this.plane.set('route', { [NAME]: routes(NAME, ...table) });
    this.plane.set('listener', { [NAME]: listener(NAME) });
  }

  /** Replaces the endpoints of all clusters. */
  layEndpoints(backends: Layout['backends']): void {
    this.plane.set('endpoint', endpointsOf(backends));
  }

  /** Waits until clients have taken all that they were sent. */
  async settled(): Promise<void> {
    await until('clients have taken what they were sent', () => this.plane.settled);
  }

  /** A client of grpc-js's own. */
  client(target = TARGET): PlainClient {
    return this.closing(new PlainClient(target));
  }

  /** Closes it at the end. */
  closing<C extends { close(): void }>(client: C): C {
    this.#clients.push(client);
    return client;
  }

  /** Closes clients and backends; the control plane stays for the next test. */
  clear(): void {
    for (const client of this.#clients.splice(0)) client.close();
    for (const backend of this.#backends.splice(0)) backend.stop();
  }

  close(): void {
    this.clear();
    this.plane.stop();
  }
}

/** The endpoints of each cluster, as the control plane takes them. */
export function endpointsOf(backends: Layout['backends']) {
  return Object.fromEntries(
    Object.entries(backends).map(([name, all]) => [name, endpoints(name, ...all.map(({ address }) => address))]),
  );
}
