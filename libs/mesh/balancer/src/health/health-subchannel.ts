import { connectivityState as State, experimental } from '@grpc/grpc-js';
import { connectivityOf } from '../endpoints/connectivity';
import type { HealthMonitor } from './health-monitor';
import { shownState } from './shown-state-decider';

/** No keepalive time is known; a balancer doesn't look at it. */
const KEEPALIVE_UNKNOWN_MS = -1;

/** Where wrappers find what is known of a connection's backend. */
export interface HealthMonitors {
  /** The connection's monitor, undefined when it has none now. */
  find(connection: experimental.SubchannelInterface): HealthMonitor | undefined;
  /** The connection's monitor, made when it has none. */
  get(connection: experimental.SubchannelInterface): HealthMonitor;
}

/** A connection that looks READY only while its backend serves. Watches from its first `ref` to its last `unref`. */
export class HealthSubchannel extends experimental.BaseSubchannelWrapper {
  readonly #monitors: HealthMonitors;
  readonly #listeners = new Set<experimental.ConnectivityStateListener>();
  readonly #onConnection: experimental.ConnectivityStateListener;
  #monitor: HealthMonitor | undefined;
  #leaveMonitor: () => void = () => undefined;
  #references = 0;
  #shown: State;

  constructor(connection: experimental.SubchannelInterface, monitors: HealthMonitors) {
    super(connection);
    this.#monitors = monitors;
    this.#onConnection = (_connection, _before, _state, keepaliveMs, error) => this.#show(keepaliveMs, error);
    this.#shown = this.#now();
  }

  /** The connection itself, for what doesn't care about health. */
  get wrapped(): experimental.SubchannelInterface {
    return this.child;
  }

  override getConnectivityState(): State {
    return this.#now();
  }

  override addConnectivityStateListener(listener: experimental.ConnectivityStateListener): void {
    this.#listeners.add(listener);
  }

  override removeConnectivityStateListener(listener: experimental.ConnectivityStateListener): void {
    this.#listeners.delete(listener);
  }

  override ref(): void {
    super.ref();
    this.#references += 1;
    if (this.#references > 1) return;
    this.#monitor = this.#monitors.get(this.child);
    this.#leaveMonitor = this.#monitor.use(() => this.#show(KEEPALIVE_UNKNOWN_MS));
    this.child.addConnectivityStateListener(this.#onConnection);
    this.#shown = this.#now();
  }

  override unref(): void {
    this.#references -= 1;
    if (this.#references === 0) {
      this.child.removeConnectivityStateListener(this.#onConnection);
      this.#leaveMonitor();
      this.#monitor = undefined;
    }
    super.unref();
  }

  #now(): State {
    const connection = connectivityOf(this.child.getConnectivityState());
    // Balancers look once before they hold it and wait for changes after: what is known already has to be seen then.
    const monitor = this.#monitor ?? this.#monitors.find(this.child);
    return State[shownState(connection, monitor?.health ?? 'unknown')];
  }

  #show(keepaliveMs: number, error?: string): void {
    const before = this.#shown;
    const after = this.#now();
    if (after === before) return;
    this.#shown = after;
    const unhealthy = after === State.TRANSIENT_FAILURE && this.#monitor?.health === 'not-serving';
    const message = unhealthy ? `backend ${this.getAddress()} says that it does not serve` : error;
    for (const listener of [...this.#listeners]) listener(this, before, after, keepaliveMs, message);
  }
}
