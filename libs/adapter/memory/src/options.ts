import type { ShardMap } from '@giftmesh/domain-money';
import { systemClock, type Clock } from '@giftmesh/kernel-time';

export interface MemoryBalanceStoreOptions {
  readonly shards: ShardMap;
  /** The most outbox entries: decisions that the ledger has not applied yet. About 1 KB each. 1 to 10 million; default 200,000. */
  readonly outboxMax?: number;
  /**
   * The most settled markers. Beyond it the oldest go, and late repetitions of their events are asked about at the ledger.
   * About 0.4 KB each. 1 to 10 million; default 200,000.
   */
  readonly markersMax?: number;
  /**
   * The most accounts in place. Beyond it idle users make room; when there are none, `install` rejects. About 0.5 KB each.
   * 1 to 10 million; default 1,000,000.
   */
  readonly accountsMax?: number;
  /**
   * By which it remembers evicted users for a while. Monotonic, and its own: callers' clocks may differ by more than a load can
   * take. Default the system's.
   */
  readonly clock?: Pick<Clock, 'monotonicMs'>;
}

const LIMIT_MAX = 10_000_000;

/** The options with their defaults. Throws RangeError for a wrong one. */
export function checkedOptions(options: MemoryBalanceStoreOptions): Required<MemoryBalanceStoreOptions> {
  const checked = { outboxMax: 200_000, markersMax: 200_000, accountsMax: 1_000_000, clock: systemClock, ...options };
  for (const name of ['outboxMax', 'markersMax', 'accountsMax'] as const) {
    const value = checked[name];
    if (!Number.isInteger(value) || value < 1 || value > LIMIT_MAX)
      throw new RangeError(`${name} must be an integer of 1 to ${LIMIT_MAX}, is ${value}`);
  }
  return checked;
}
