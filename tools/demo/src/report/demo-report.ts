import type { EveningResult } from '../evening-run';
import { TOP_STREAMERS, type Viewer } from '../script/audience';
import type { Evening } from '../script/evening';
import { streamersOf } from '../script/stage';
import { atMost, environment, told, type DemoReport } from './figures';

/** The figures of an evening, for --json. */
export function demoReport(result: EveningResult, evening: Evening, seed: number): DemoReport {
  const { tally, claims, report, perSecond, settled, settleMs, watched } = result;
  const unequal = claims.filter((claim) => claim.told !== claim.books);
  const store = report.store.kind === 'compared' ? report.store.accounts : 0;
  return {
    suite: 'demo',
    seed,
    environment: environment(),
    figures: [
      told('gifts.sent', tally.sent, 'gifts'),
      told('gifts.applied', tally.applied, 'gifts'),
      told('gifts.refused', tally.refused, 'gifts'),
      atMost('gifts.without_answer', tally.unknown, 'gifts', 0),
      told('gifts.sent_twice', tally.repeated, 'gifts'),
      told('gifts.in_combos', tally.inCombos, 'gifts'),
      told('gifts.to_several', tally.toSeveral, 'gifts'),
      told('gifts.per_second', perSecond, '1/s'),
      told('gifts.settled', settled, 'gifts'),
      told('answer.p50', tally.latencyMs(0.5), 'ms'),
      told('answer.p99', tally.latencyMs(0.99), 'ms'),
      told('settled_after', settleMs, 'ms'),
      told('coins.paid', tally.coins, 'coins'),
      told('coins.recharged', tally.recharged, 'coins'),
      told('combo.longest', tally.longestCombo, 'gifts'),
      told('recharges', tally.recharges, 'orders'),
      told('room.messages', watched, 'messages'),
      told('share.gifts_of_top_fifth', tally.shareOfTopGivers(0.2, evening.viewers.length), 'of gifts'),
      told('share.viewers_of_top_three', shareOfTopThree(evening.viewers), 'of viewers'),
      told('ledger.events', report.ledger.events, 'events'),
      told('ledger.refusals', report.ledger.totals.refusals, 'events'),
      told('ledger.records', report.ledger.records, 'records'),
      told('ledger.recharged', report.ledger.totals.recharged, 'coins'),
      told('ledger.balances', report.ledger.totals.balances, 'coins'),
      told('memory.accounts', store, 'accounts'),
      atMost(
        'wrong_answers',
        [...tally.wrong.values()].reduce((sum, count) => sum + count, 0),
        'answers',
        0,
      ),
      atMost('reconcile.waiting', report.log.waiting, 'events', 0),
      atMost('reconcile.differences', report.differenceCount, 'differences', 0),
      atMost('reconcile.unequal_claims', unequal.length, 'claims', 0),
    ],
    notes: [
      'A scripted evening after Tu et al., MIPR 2018 (doi 10.1109/MIPR.2018.00028): 20 % of the viewers give 97 % of the gifts, 77 % come for the top three streamers, gifts come in short bursts.',
      'The script sets the pace, so gifts.per_second says what was asked for, not what the mesh can do: see npm run bench.',
      ...[...tally.wrong].map(([what, count]) => `${count} times: ${what}`),
      ...unequal.map((claim) => `${claim.name}: ${claim.told} were told, the books say ${claim.books}`),
      ...report.problems,
    ],
  };
}

function shareOfTopThree(viewers: readonly Viewer[]): number {
  const top = new Set(streamersOf(TOP_STREAMERS).map(({ streamerId }) => streamerId));
  return viewers.filter(({ favourite }) => top.has(favourite.streamerId)).length / Math.max(1, viewers.length);
}
