import { interaction } from '@giftmesh/contract';
import type { MeshClients } from '@giftmesh/test-harness';
import type { Books } from '@giftmesh/test-oracle';
import type { Asked } from './asked';
import { readBooks } from './books';
import { sendGift, sendRecharge, sendReversal } from './calls';
import { usersOf } from './cast';
import type { Counts } from './counts';
import { patiently } from './patiently';
import type { RoomWatch } from './room-watch';

/** The longest that it may take until everything asked for is decided, unless it is said otherwise, milliseconds. */
const DECIDE_MAX_MS = 60_000;
/** Decided gifts that are sent once more at the end: their answers must be those of before. */
const SENT_AGAIN = 500;
const AT_ONCE = 64;
/** The longest that rankings may take to show everything, milliseconds. */
const RANKED_MAX_MS = 20_000;

/**
 * At rest: every client gets its answer, some get it again, and the books are compared. All that is wrong, a sentence each.
 * `holesAllowed`: see `Books`.
 */
export async function settleDown(
  mesh: MeshClients,
  asked: Asked,
  watch: RoomWatch,
  counts: Counts,
  {
    holesAllowed = false,
    decideMaxMs = DECIDE_MAX_MS,
  }: { readonly holesAllowed?: boolean; readonly decideMaxMs?: number } = {},
): Promise<readonly string[]> {
  if (!(await decideAll(mesh, asked, counts, decideMaxMs)))
    return [...asked.problems, describeUndecided(asked, decideMaxMs)];
  // Evenly over the whole epoch, refused ones included.
  const step = Math.max(1, Math.floor(asked.gifts.length / SENT_AGAIN));
  await inBatches(
    asked.gifts.filter((_, index) => index % step === 0),
    (gift) => sendGift(mesh, asked, gift),
  );
  const books = { ...(await readBooks(mesh, usersOf(asked.cast))), holesAllowed };
  counts.add('records compared', books.records.length);
  return [
    ...asked.problems,
    ...asked.oracle.verify(books),
    ...reversalProblems(asked, books),
    ...(await rankingProblems(mesh, asked)),
    ...watchProblems(asked, watch),
  ];
}

async function decideAll(mesh: MeshClients, asked: Asked, counts: Counts, maxMs: number): Promise<boolean> {
  const giveUpAtMs = performance.now() + maxMs;
  for (;;) {
    const recharges = asked.recharges.filter(({ intent }) => !intent.acknowledged);
    const reversals = asked.reversals.filter(({ intent }) => intent.reversed === undefined && !intent.refused);
    if (asked.undecided.size + recharges.length + reversals.length === 0) return true;
    if (performance.now() > giveUpAtMs) return false;
    await inBatches(recharges, (recharge) => sendRecharge(mesh, asked, recharge));
    await inBatches([...asked.undecided], (gift) => sendGift(mesh, asked, gift));
    await inBatches(reversals, (reversal) => sendReversal(mesh, asked, reversal, counts));
  }
}

function describeUndecided(asked: Asked, maxMs: number): string {
  const [gift] = asked.undecided;
  const recharges = asked.recharges.filter(({ intent }) => !intent.acknowledged).length;
  return `still not decided after ${maxMs} ms: ${asked.undecided.size} gifts (${gift?.request.eventId}), ${recharges} recharges`;
}

async function inBatches<T>(items: readonly T[], work: (item: T) => Promise<unknown>): Promise<void> {
  for (let from = 0; from < items.length; from += AT_ONCE)
    await Promise.all(items.slice(from, from + AT_ONCE).map(work));
}

/** What was given back is what the answer said, taken from others to the coin; what was refused left no trace. */
function reversalProblems(asked: Asked, { records }: Books): string[] {
  const problems: string[] = [];
  const legs = new Map<string, { back: bigint; sum: bigint }>();
  for (const { eventType, eventId, role, incr } of records) {
    if (eventType !== 'reversal') continue;
    const before = legs.get(eventId) ?? { back: 0n, sum: 0n };
    legs.set(eventId, { back: before.back + (role === 'payee' ? incr : 0n), sum: before.sum + incr });
  }
  for (const { intent } of asked.reversals) {
    const { eventId } = intent.request;
    const found = legs.get(eventId);
    legs.delete(eventId);
    if (found?.back !== intent.reversed)
      problems.push(
        `reversal ${eventId} was answered ${intent.reversed ?? 'refused'}, ${found?.back ?? 'nothing'} is on record`,
      );
    if (found !== undefined && found.sum !== 0n)
      problems.push(`the legs of reversal ${eventId} sum up to ${found.sum}`);
  }
  for (const eventId of legs.keys()) problems.push(`nobody asked for reversal ${eventId}`);
  return problems;
}

/** Rankings count every gift once, kills or not. */
async function rankingProblems(mesh: MeshClients, asked: Asked): Promise<string[]> {
  const problems: string[] = [];
  const giveUpAtMs = performance.now() + RANKED_MAX_MS;
  for (const { roomId } of asked.cast.rooms) {
    const expected = new Map<bigint, bigint>();
    for (const { request, coins } of asked.applied)
      if (request.roomId === roomId) expected.set(request.viewerId, (expected.get(request.viewerId) ?? 0n) + coins);
    for (;;) {
      const { entries } = await patiently(() =>
        mesh.interaction.call.getLeaderboard({
          roomId,
          kind: interaction.LeaderboardKind.VIEWERS,
          period: interaction.LeaderboardPeriod.TOTAL,
          limit: 100,
        }),
      );
      const wrong = entries.filter(({ userId, score }) => expected.get(userId) !== score);
      if (wrong.length === 0 && entries.length === expected.size) break;
      if (performance.now() > giveUpAtMs) {
        const [first] = wrong;
        problems.push(
          `the ranking of room ${roomId} has ${entries.length} of ${expected.size} viewers, ${wrong.length} wrong` +
            (first === undefined ? '' : `: ${first.userId} has ${first.score}, not ${expected.get(first.userId)}`),
        );
        break;
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
  return problems;
}

/** A room may be shown less than what happened, never more. */
function watchProblems(asked: Asked, watch: RoomWatch): string[] {
  const sent = asked.applied.filter(({ request }) => request.roomId === watch.roomId);
  const coins = sent.reduce((sum, gift) => sum + gift.coins, 0n);
  return watch.coins > coins ? [`room ${watch.roomId} was shown ${watch.coins} coins, gifts were ${coins}`] : [];
}
