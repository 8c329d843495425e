import { SimulatedClock } from '@giftmesh/kernel-time';
import { balanceOf, type AssetType, type Counters } from '../assets';
import type { Ledger } from '../ports/ledger';
import { ShardMap } from '../shards';
import type { LedgerUnderTest, MakeLedger } from './ledger-contract';
import { SAMPLE_START_MS } from './ledger-samples';

/** The users' shards in the contract: 16 in 4 partitions. */
export const CONTRACT_SHARDS = new ShardMap(16, 4);

/** A ledger under test and short ways to use it. */
export interface Harness {
  readonly clock: SimulatedClock;
  ledger: Ledger;
  underTest: LedgerUnderTest;
}

/** A fresh ledger for each test of the surrounding `describe`. */
export function freshLedger(makeLedger: MakeLedger): Harness {
  const harness = {} as { -readonly [K in keyof Harness]: Harness[K] };
  beforeEach(async () => {
    harness.clock = new SimulatedClock(SAMPLE_START_MS);
    harness.underTest = await makeLedger({ clock: harness.clock, shards: CONTRACT_SHARDS });
    harness.ledger = harness.underTest.ledger;
  });
  afterEach(() => harness.underTest.dispose());
  return harness;
}

/** One account's counters as plain numbers, all 0 when the ledger has none. */
export async function accountOf(ledger: Ledger, userId: bigint, assetType: AssetType = 'coin'): Promise<Counters> {
  const found = (await ledger.counters([userId])).find((counters) => counters.assetType === assetType);
  return found ?? { userId, assetType, credited: 0n, reversed: 0n, debited: 0n, seq: 0 };
}

/** The balance of an account. */
export async function balance(ledger: Ledger, userId: bigint, assetType: AssetType = 'coin'): Promise<bigint> {
  return balanceOf(await accountOf(ledger, userId, assetType));
}

/** A user of a partition of {@link CONTRACT_SHARDS}; `n` chooses among them. */
export function userIn(partition: number, n = 0): bigint {
  let left = n;
  for (let userId = 1n; ; userId += 1n) {
    if (CONTRACT_SHARDS.partitionOf(userId) === partition) {
      if (left === 0) return userId;
      left -= 1;
    }
  }
}
