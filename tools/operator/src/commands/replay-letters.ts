import { userInfo } from 'node:os';
import { EXIT, ExitError } from '@giftmesh/adapter-process';
import { balanceOf, LedgerRejectError, type DeadLetter } from '@giftmesh/domain-money';
import { countedIn, dropLetter, replayLetter, type Replay } from '@giftmesh/service-payment-da';
import { moneyLogCodec } from '@giftmesh/wire-money';
import type { OperatorLedger, OperatorStores } from '../stores';
import { table } from '../terminal/table';
import { EXIT_SOMETHING, type Answer } from './answer';
import { findLetter } from './dead-letters';
import { contentText, decidedIn, eventOf, replayText, stays } from './letter-text';

/** Letters that one call takes on, the oldest. */
export const REPLAYED_MAX = 100_000;

/** Applies one letter again, or all. The exit code is 1 when one of them stays. */
export async function replayLetters(
  stores: OperatorStores,
  which: number | 'all',
  answer: Answer,
  onProgress: (text: string) => void,
): Promise<number> {
  return withLedger(stores, async (ledger) => {
    const letters = await ledger.deadLetters(REPLAYED_MAX);
    const wanted = which === 'all' ? letters : [findLetter(letters, which, stores)];
    const replays: { readonly letter: DeadLetter; readonly replay: Replay }[] = [];
    for (const letter of wanted) {
      replays.push({ letter, replay: await replayLetter(ledger, moneyLogCodec, letter) });
      onProgress(`replaying dead letters: ${replays.length} of ${wanted.length}`);
    }
    answer(
      {
        replays: replays.map(({ letter, replay }) => ({
          id: letter.id,
          ...eventOf(letter),
          result: replay.kind,
          text: replayText(replay),
          debts: debtsOf(replay),
        })),
      },
      () =>
        replays.length === 0
          ? `No dead letters in ${stores.name}.`
          : table({
              head: ['letter', 'event', 'user', 'what happened'],
              rows: replays.map(({ letter, replay }) => [
                String(letter.id),
                contentText(letter),
                String(eventOf(letter).opUserId ?? '-'),
                [
                  replayText(replay),
                  ...debtsOf(replay).map((user) => `the balance of user ${user} is below zero`),
                ].join('\n'),
              ]),
            }),
    );
    return replays.some(({ replay }) => stays(replay)) ? EXIT_SOMETHING : EXIT.OK;
  });
}

/** Gives one letter up, with who did it and why. */
export async function dropDeadLetter(
  stores: OperatorStores,
  id: number,
  { why, by = userInfo().username }: { readonly why: string; readonly by: string | undefined },
  answer: Answer,
): Promise<number> {
  return withLedger(stores, async (ledger) => {
    const letter = findLetter(await ledger.deadLetters(REPLAYED_MAX), id, stores);
    try {
      // Somebody may have been faster: then it is not there, and not dropped.
      if (!(await dropLetter(ledger, moneyLogCodec, letter, { by, why }))) findLetter([], id, stores);
    } catch (error) {
      if (error instanceof LedgerRejectError) throw new ExitError(error.message, EXIT.USAGE);
      throw error;
    }
    answer(
      { id, ...eventOf(letter), result: 'dropped', by, why },
      () => `Dropped letter ${id}. ${afterDrop(letter, stores)}`,
    );
    return EXIT.OK;
  });
}

async function withLedger(stores: OperatorStores, work: (ledger: OperatorLedger) => Promise<number>): Promise<number> {
  const ledger = await stores.openLedger();
  try {
    return await work(ledger);
  } finally {
    await ledger.close();
  }
}

/** Who has less than nothing after a replay. */
function debtsOf(replay: Replay): bigint[] {
  if (replay.kind !== 'applied') return [];
  return replay.counters.filter((account) => balanceOf(account) < 0n).map(({ userId }) => userId);
}

function afterDrop(letter: DeadLetter, { shards }: OperatorStores): string {
  const decided = decidedIn(letter);
  if (decided === undefined) return 'Nobody could read it: if it was a gift, its payer and payees are not known.';
  if (decided.outcome !== 'applied') return 'It was a refusal: no coin has moved.';
  if (countedIn(letter, moneyLogCodec, shards) === undefined)
    return 'It stood behind a fence, or says what no ledger would write: it would never have counted.';
  const { opUserId, opUserChange } = decided.event;
  return (
    `User ${opUserId} paid ${-opUserChange.incr} ${opUserChange.assetType} that nobody gets now; she has them again when her balance ` +
    'is loaded anew: at the next start of the mesh, or after an hour without any use. Until then reconcile shows her as ahead.'
  );
}
