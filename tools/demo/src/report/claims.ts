import type { SqliteLedgerView, ReconcileReport } from '@giftmesh/tool-operator';
import type { Tally } from '../play/tally';

/** Something that the audience was told, and what the books say about it. */
export interface Claim {
  readonly name: string;
  readonly told: bigint;
  readonly books: bigint;
}

/**
 * Compares what viewers were told with the books: nothing else uses this mesh, so all must be equal.
 * @param streamerIds everybody who may have got gifts.
 */
export function claimsOf(
  tally: Tally,
  { ledger }: Pick<ReconcileReport, 'ledger'>,
  view: Pick<SqliteLedgerView, 'accountsOf'>,
  streamerIds: readonly bigint[],
): readonly Claim[] {
  const { refusals, recharged, balances } = ledger.totals;
  const earned = view.accountsOf(streamerIds).reduce((sum, { credited }) => sum + credited, 0n);
  const spent = view.accountsOf(tally.byViewer.keys()).reduce((sum, { debited }) => sum + debited, 0n);
  return [
    { name: 'gifts applied', told: BigInt(tally.applied), books: BigInt(ledger.events - refusals - tally.recharges) },
    { name: 'gifts refused', told: BigInt(tally.refused), books: BigInt(refusals) },
    { name: 'coins paid by viewers', told: tally.coins, books: spent },
    { name: 'coins earned by streamers', told: tally.coins, books: earned },
    { name: 'coins recharged', told: tally.recharged, books: recharged },
    { name: 'coins in all accounts', told: tally.recharged, books: balances },
  ];
}
