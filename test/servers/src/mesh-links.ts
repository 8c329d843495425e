import { INSTANCES, type Instance, type ServiceName } from './mesh-names';
import { TcpProxy, type LinkTrouble } from './tcp-proxy';

/** What a service calls: a server, or the processes of another service. */
export type LinkEnd = 'redis' | 'mariadb' | 'kafka' | ServiceName;

/** Everything that speaks to something else. */
export const LINKS = [
  { from: 'da', to: 'redis' },
  { from: 'da', to: 'kafka' },
  { from: 'da', to: 'mariadb' },
  { from: 'station', to: 'redis' },
  { from: 'station', to: 'kafka' },
  { from: 'station', to: 'da' },
  { from: 'interaction', to: 'kafka' },
  { from: 'interaction', to: 'mariadb' },
  { from: 'interaction', to: 'station' },
] as const satisfies readonly { readonly from: ServiceName; readonly to: LinkEnd }[];

/** One of {@link LINKS}. */
export type Link = (typeof LINKS)[number];

/** The link of one process, to all processes of a service or to one of them. */
export interface ProcessLink {
  readonly link: Link;
  /** The calling process. */
  readonly instance: Instance;
  /** The process that is called, where a service is; default both. */
  readonly toInstance?: Instance | undefined;
}

/** A proxy for each process and each that it calls, so that every link can be broken alone. */
export class MeshLinks {
  private constructor(private readonly proxies: ReadonlyMap<string, TcpProxy>) {}

  /** Opens all proxies; they lead nowhere yet. */
  static async open(): Promise<MeshLinks> {
    const proxies = new Map<string, TcpProxy>();
    for (const { from, to } of LINKS)
      for (const instance of INSTANCES)
        for (const toInstance of instancesOf(to))
          proxies.set(nameOf(from, instance, to, toInstance), await TcpProxy.start());
    return new MeshLinks(proxies);
  }

  /** Whether a service calls it. */
  static has(from: ServiceName, to: LinkEnd): boolean {
    return LINKS.some((link) => link.from === from && link.to === to);
  }

  /** The port where a process finds what it calls. */
  port(from: ServiceName, instance: Instance, to: LinkEnd, toInstance?: Instance): number {
    return this.#proxy(from, instance, to, toInstance).port;
  }

  /** Where all links to a server, or to a process of a service, lead from now on. */
  lead(to: LinkEnd, port: number, toInstance?: Instance): void {
    for (const link of LINKS)
      if (link.to === to) for (const instance of INSTANCES) this.#proxy(link.from, instance, to, toInstance).lead(port);
  }

  /** Where the link of one process to a server leads from now on. */
  leadOne(from: ServiceName, instance: Instance, to: LinkEnd, port: number): void {
    this.#proxy(from, instance, to, undefined).lead(port);
  }

  /** Breaks a link, or puts it right. */
  trouble({ link, instance, toInstance }: ProcessLink, trouble: LinkTrouble | undefined): void {
    const ends = toInstance === undefined ? instancesOf(link.to) : [toInstance];
    for (const end of ends) this.#proxy(link.from, instance, link.to, end).trouble = trouble;
  }

  async close(): Promise<void> {
    await Promise.all([...this.proxies.values()].map((proxy) => proxy.close()));
  }

  #proxy(from: ServiceName, instance: Instance, to: LinkEnd, toInstance: Instance | undefined): TcpProxy {
    const name = nameOf(from, instance, to, toInstance);
    const proxy = this.proxies.get(name);
    if (proxy === undefined) throw new RangeError(`there is no link ${name}`);
    return proxy;
  }
}

/** Undefined stands for a server, which is one. */
function instancesOf(end: LinkEnd): readonly (Instance | undefined)[] {
  return end === 'station' || end === 'da' || end === 'interaction' ? INSTANCES : [undefined];
}

const nameOf = (from: ServiceName, instance: Instance, to: LinkEnd, toInstance: Instance | undefined): string =>
  `${from} ${instance} - ${to}${toInstance === undefined ? '' : ` ${toInstance}`}`;
