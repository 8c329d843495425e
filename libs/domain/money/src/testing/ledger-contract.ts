import type { Clock } from '@giftmesh/kernel-time';
import type { Ledger } from '../ports/ledger';
import type { ShardMap } from '../shards';
import { ledgerApplyContract } from './ledger-contract-apply';
import { ledgerDeadLettersContract } from './ledger-contract-dead-letters';
import { ledgerModelContract } from './ledger-contract-model';
import { ledgerOrderContract } from './ledger-contract-orders';
import { ledgerPoisonContract } from './ledger-contract-poison';
import { ledgerPositionContract } from './ledger-contract-positions';
import { ledgerReadContract } from './ledger-contract-reads';
import { ledgerReversalContract } from './ledger-contract-reversals';

export interface LedgerUnderTest {
  readonly ledger: Ledger;
  /** Closes the ledger and opens it again on the same data. Closes what it returned before, too. */
  reopen(): Promise<Ledger>;
  /** Closes the ledger and removes its data. */
  dispose(): Promise<void>;
}

/** Makes an empty ledger that takes its time from `clock` and knows users' shards by `shards`. */
export type MakeLedger = (setup: { readonly clock: Clock; readonly shards: ShardMap }) => Promise<LedgerUnderTest>;

/** What every ledger must keep. Call it at the top of a spec file of the adapter; it needs jest's globals. */
export function ledgerContract(name: string, makeLedger: MakeLedger): void {
  describe(`${name} as a ledger`, () => {
    ledgerApplyContract(makeLedger);
    ledgerPositionContract(makeLedger);
    ledgerPoisonContract(makeLedger);
    ledgerDeadLettersContract(makeLedger);
    ledgerReadContract(makeLedger);
    ledgerOrderContract(makeLedger);
    ledgerReversalContract(makeLedger);
    ledgerModelContract(makeLedger);
  });
}
