import { ServingStatus } from './health-status';

/** Told of every change of one service's status. Must not throw. */
export type HealthListener = (status: ServingStatus) => void;

interface Watch {
  last: ServingStatus;
  readonly listener: HealthListener;
}

/**
 * The health of a process: a service serves while it is registered, none of its dependencies is away, and the process
 * is not on its way out. The empty name stands for the process and is the worst of all its services.
 */
export class HealthRegistry {
  /** Of each service, the dependencies that are away now. */
  readonly #away = new Map<string, Set<string>>();
  readonly #watches = new Map<string, Set<Watch>>();
  #stopped = false;
  #watchesEnded = false;
  readonly #endListeners = new Set<() => void>();

  /** Adds a service, SERVING. Adding it again does nothing. Throws TypeError for the empty name. */
  register(service: string): void {
    if (service === '') throw new TypeError('the empty name stands for the process and cannot be registered');
    if (!this.#away.has(service)) this.#away.set(service, new Set());
    this.#tell(service);
  }

  /**
   * Says whether something a service cannot do without is there. Registers the service when it is not yet known.
   * @param dependency any name that is unique to the service's dependencies, such as `ledger`.
   */
  setDependency(service: string, dependency: string, up: boolean): void {
    this.register(service);
    const away = this.#away.get(service) as Set<string>;
    if (up) away.delete(dependency);
    else away.add(dependency);
    this.#tell(service);
  }

  /** The status of a service, of the process for the empty name; SERVICE_UNKNOWN for a name that is not registered. */
  status(service: string): ServingStatus {
    if (service === '') {
      const allServe = [...this.#away.values()].every((away) => away.size === 0);
      return allServe && !this.#stopped ? ServingStatus.SERVING : ServingStatus.NOT_SERVING;
    }
    const away = this.#away.get(service);
    if (away === undefined) return ServingStatus.SERVICE_UNKNOWN;
    return away.size === 0 && !this.#stopped ? ServingStatus.SERVING : ServingStatus.NOT_SERVING;
  }

  /** The status of the process, under the empty name, and of every service. */
  statuses(): ReadonlyMap<string, ServingStatus> {
    return new Map(['', ...this.#away.keys()].map((service) => [service, this.status(service)]));
  }

  /** Which dependencies of a service are away, for logs. */
  awayDependencies(service: string): readonly string[] {
    return [...(this.#away.get(service) ?? [])];
  }

  /** Calls `listener` with the status now and after every change. Returns how to stop it. */
  watch(service: string, listener: HealthListener): () => void {
    const watch: Watch = { last: this.status(service), listener };
    const watches = this.#watches.get(service) ?? new Set();
    this.#watches.set(service, watches.add(watch));
    listener(watch.last);
    return () => {
      watches.delete(watch);
      if (watches.size === 0 && this.#watches.get(service) === watches) this.#watches.delete(service);
    };
  }

  /** Everything is NOT_SERVING from now on, for good: the process is on its way out. */
  stopServing(): void {
    this.#stopped = true;
    for (const service of ['', ...this.#away.keys()]) this.#tellOne(service);
  }

  /** Ends the watches, those of later callers too: an open Watch would keep a server from closing. */
  endWatches(): void {
    this.#watchesEnded = true;
    for (const listener of [...this.#endListeners]) listener();
  }

  /** Calls `listener` when watches are to end, at once when they already are. Returns how to take it back. */
  onEndWatches(listener: () => void): () => void {
    if (this.#watchesEnded) listener();
    this.#endListeners.add(listener);
    return () => this.#endListeners.delete(listener);
  }

  #tell(service: string): void {
    this.#tellOne(service);
    this.#tellOne('');
  }

  #tellOne(service: string): void {
    const watches = this.#watches.get(service);
    if (watches === undefined) return;
    const status = this.status(service);
    for (const watch of [...watches]) {
      if (watch.last === status) continue;
      watch.last = status;
      watch.listener(status);
    }
  }
}
