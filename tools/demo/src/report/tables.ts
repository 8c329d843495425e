import type { interaction } from '@giftmesh/contract';
import type { Room } from '@giftmesh/domain-gifts';
import { table, type Paint, type ReconcileReport } from '@giftmesh/tool-operator';
import type { Share, Tally } from '../play/tally';
import type { Claim } from './claims';

const number = (value: number | bigint): string => value.toLocaleString('en-US');
const percent = (share: number): string => `${(share * 100).toFixed(0)} %`;

/** What was sent and what came of it. */
export function sentTable(tally: Tally, perSecond: number, settled: number, viewers: number): string {
  return table({
    rows: [
      ['gifts sent', number(tally.sent), `${number(Math.round(perSecond))} a second`],
      ['applied', number(tally.applied), `${number(tally.coins)} coins`],
      ['refused', number(tally.refused), 'for want of coins'],
      ['without answer', number(tally.unknown), `${number(tally.retries)} calls were made again`],
      ['sent twice', number(tally.repeated), 'same event_id, same answer, paid once'],
      ['in combos', number(tally.inCombos), `the longest reached ${number(tally.longestCombo)}`],
      ['to several streamers', number(tally.toSeveral), 'one debit each'],
      ['recharges', number(tally.recharges), `${number(tally.recharged)} coins`],
      ['settled', number(settled), 'decisions are in the ledger'],
      ['from the top 20 % of viewers', percent(tally.shareOfTopGivers(0.2, viewers)), 'of the gifts'],
      [
        'answered within',
        `${tally.latencyMs(0.5).toFixed(1)} ms`,
        `the median; 99 % within ${tally.latencyMs(0.99).toFixed(1)} ms`,
      ],
    ],
    right: [1],
  });
}

/** What people were told against what the books say. */
export function reconciledTable(claims: readonly Claim[], { differenceCount, store }: ReconcileReport, paint: Paint) {
  const verdict = (ok: boolean): string => (ok ? paint.green('equal') : paint.red('DIFFERENT'));
  const compared = store.kind === 'compared' ? number(store.accounts) : '-';
  return table({
    head: ['', 'viewers were told', 'the books say', ''],
    right: [1, 2],
    rows: [
      ...claims.map(({ name, told, books }) => [name, number(told), number(books), verdict(told === books)]),
      ['balances in memory, in the ledger', compared, compared, verdict(store.kind === 'compared')],
      ['differences in the books', '', number(differenceCount), verdict(differenceCount === 0)],
    ],
  });
}

/** A room's ranking, with the dearest gift of each. */
export function rankingTable(
  title: string,
  entries: readonly interaction.LeaderboardEntry[],
  shares: ReadonlyMap<bigint, Share>,
): string {
  return table({
    head: ['#', title, 'coins', 'gifts', 'the dearest'],
    right: [0, 2, 3],
    rows: entries.map(({ rank, userId, score }) => {
      const share = shares.get(userId);
      const dearest = share === undefined ? '-' : `${share.dearest.name} (${number(share.dearest.price)})`;
      return [String(rank), String(userId), number(score), number(share?.gifts ?? 0), dearest];
    }),
  });
}

/** What stands above a room's rankings. */
export function rankingTitle(room: Room): string {
  return `${room.title} (room ${room.roomId}), by the mesh's own ranking:`;
}
