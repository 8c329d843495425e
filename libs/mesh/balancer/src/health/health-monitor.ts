import { connectivityState as State, type experimental } from '@grpc/grpc-js';
import type { Cancel } from '@giftmesh/kernel-time';
import { HealthWatch, type HealthWatchOptions } from './health-watch';
import type { BackendHealth } from './shown-state-decider';

/** How long a watch outlives its last user, milliseconds: balancers let a connection go and take it again when its state changes. */
export const WATCH_KEPT_MS = 1_000;

export interface HealthMonitorOptions extends Omit<HealthWatchOptions, 'channel'> {
  /** The watch was not used for a while and is over. */
  readonly onUnused: () => void;
}

/** The health of one connection's backend, watched while the connection is up and someone wants to know. */
export class HealthMonitor {
  readonly #connection: experimental.SubchannelInterface;
  readonly #options: HealthMonitorOptions;
  readonly #users = new Set<() => void>();
  readonly #onState: experimental.ConnectivityStateListener;
  #health: BackendHealth = 'unknown';
  #watch: HealthWatch | undefined;
  #cancelUnused: Cancel = () => undefined;

  constructor(connection: experimental.SubchannelInterface, options: HealthMonitorOptions) {
    this.#connection = connection;
    this.#options = options;
    this.#onState = (_connection, _before, state) => this.#follow(state);
    connection.addConnectivityStateListener(this.#onState);
    this.#follow(connection.getConnectivityState());
  }

  /** What is known now. */
  get health(): BackendHealth {
    return this.#health;
  }

  /** The backend's address. */
  get address(): string {
    return this.#connection.getAddress();
  }

  /** Calls `onChange` after each change of `health`. Returns how to stop that. */
  use(onChange: () => void): () => void {
    this.#cancelUnused();
    this.#users.add(onChange);
    return () => {
      this.#users.delete(onChange);
      if (this.#users.size > 0) return;
      this.#cancelUnused();
      this.#cancelUnused = this.#options.clock.schedule(WATCH_KEPT_MS, () => {
        this.stop();
        this.#options.onUnused();
      });
    };
  }

  /** Ends the watch for good. */
  stop(): void {
    this.#cancelUnused();
    this.#connection.removeConnectivityStateListener(this.#onState);
    this.#watch?.stop();
    this.#watch = undefined;
    // Takes the channel off channelz's list; what else uses this connection goes on.
    this.#connection.getChannel().close();
  }

  #follow(state: State): void {
    if (state === State.READY) {
      this.#watch ??= new HealthWatch({
        ...this.#options,
        channel: this.#connection.getChannel(),
        onHealth: (health, decision) => {
          if (health !== this.#health || decision === 'malformed' || decision === 'watch-failed') {
            this.#options.onHealth(health, decision);
          }
          this.#set(health);
        },
      });
    } else {
      this.#watch?.stop();
      this.#watch = undefined;
      this.#set('unknown');
    }
  }

  #set(health: BackendHealth): void {
    if (health === this.#health) return;
    this.#health = health;
    for (const user of [...this.#users]) user();
  }
}
