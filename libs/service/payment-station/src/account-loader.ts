import { Batcher, SingleFlight } from '@giftmesh/kernel-async';
import type { Clock } from '@giftmesh/kernel-time';
import { runOutsideCall } from '@giftmesh/mesh-context';
import type { AcceptanceWindow, BalanceStore, LoadedUser, Marker } from '@giftmesh/domain-money';
import { countersFromProto, markerFromProto } from '@giftmesh/wire-money';
import type { PaymentDaClient } from './ports';

export interface AccountLoaderOptions {
  /** The most users of one LoadAssets. */
  readonly batchMax: number;
  /** The most LoadAssets under way. */
  readonly inFlightMax: number;
  /** The most users that wait. */
  readonly queueMax: number;
  readonly timeoutMs: number;
}

export const DEFAULT_ACCOUNT_LOADER_OPTIONS: AccountLoaderOptions = {
  batchMax: 500,
  inFlightMax: 2,
  queueMax: 20_000,
  timeoutMs: 2_000,
};

/** How much older than the window markers are loaded, so that clocks that differ a little leave no gap. Milliseconds. */
const WINDOW_SLACK_MS = 60_000;

/**
 * A snapshot that took longer is not installed, milliseconds: this process stood still meanwhile. Well below the time for which stores
 * remember how far an evicted user had come.
 */
const SNAPSHOT_AGE_MS_MAX = 30_000;

/** Brings users' accounts and recent markers from the ledger into the store; loads of the same user that overlap are one. */
export class AccountLoader {
  readonly #flights = new SingleFlight<bigint, boolean>();
  readonly #batcher: Batcher<bigint, boolean>;

  constructor(
    private readonly clock: Clock,
    private readonly store: BalanceStore,
    private readonly ledger: PaymentDaClient,
    private readonly window: AcceptanceWindow,
    private readonly options: AccountLoaderOptions = DEFAULT_ACCOUNT_LOADER_OPTIONS,
  ) {
    // A load serves many calls, so none of them may end it.
    this.#batcher = new Batcher({
      ...options,
      run: (userIds) => runOutsideCall(() => this.#load(userIds)),
      defer: (run) => clock.defer(run),
    });
  }

  /** Loads a user. False when the store refused the snapshot because it has gone on since: look again. */
  load(userId: bigint): Promise<boolean> {
    return this.#flights.run(userId, () => this.#batcher.add(userId));
  }

  async #load(userIds: readonly bigint[]): Promise<readonly boolean[]> {
    const begunAtMs = this.clock.monotonicMs();
    // Before the snapshot is taken: one of an older generation must not be installed, nor one from before the fence of this one.
    const generations = await this.store.openGenerationOf(userIds);
    const { accounts } = await this.ledger.loadAssets(
      {
        userIds: [...userIds],
        decidedSinceMs: BigInt(this.clock.nowMs() - this.window.pastMs - WINDOW_SLACK_MS),
      },
      { timeoutMs: this.options.timeoutMs },
    );
    if (this.clock.monotonicMs() - begunAtMs > SNAPSHOT_AGE_MS_MAX) return userIds.map(() => false);
    const loaded = accounts.map((account): LoadedUser => ({
      userId: account.userId,
      accounts: account.assets.map(countersFromProto),
      markers: account.decided.map(markerFromProto).filter((marker): marker is Marker => marker !== undefined),
      markersSinceMs: Number(account.decidedCompleteSinceMs),
    }));
    return this.store.install(loaded, new Map(userIds.map((userId, index) => [userId, generations[index] as number])));
  }
}
