import { setTimeout as pause } from 'node:timers/promises';
import { interaction } from '@giftmesh/contract';
import { ShardMap } from '@giftmesh/domain-money';
import { uuidV7Source } from '@giftmesh/kernel-ids';
import { seededRandom } from '@giftmesh/kernel-random';
import { systemClock } from '@giftmesh/kernel-time';
import {
  dataFolder,
  folderStores,
  reconcile,
  SqliteLedgerView,
  stationBalances,
  stationClient,
  type ReconcileReport,
} from '@giftmesh/tool-operator';
import type { MeshProcess } from './mesh-process';
import { Cashier } from './play/cashier';
import { meshClients, type MeshClients } from './play/mesh-clients';
import { Player } from './play/player';
import { Tally } from './play/tally';
import { Ticker } from './play/ticker';
import type { Progress } from './progress';
import { YOU } from './report/by-hand';
import { claimsOf, type Claim } from './report/claims';
import type { Evening } from './script/evening';
import { streamersOf, STREAMERS_MAX } from './script/stage';
import { walletsFor } from './script/wallets';

/** The defaults of a mesh that nobody has configured. */
const SHARDS = new ShardMap(256, 4);
const SETTLE_LIMIT_MS = 30_000;
const RANKING_LIMIT_MS = 10_000;
const LOOK_EVERY_MS = 50;
const RANKING_PLACES = 5;
/** More than a room has streamers. */
const LEADERBOARD_MAX = 100;

/** What became of an evening. */
export interface EveningResult {
  readonly tally: Tally;
  readonly perSecond: number;
  /** Decisions in the ledger. */
  readonly settled: number;
  /** From the last answer until all decisions were in the ledger. */
  readonly settleMs: number;
  readonly watched: number;
  readonly claims: readonly Claim[];
  readonly report: ReconcileReport;
  readonly viewers: readonly interaction.LeaderboardEntry[];
  readonly streamers: readonly interaction.LeaderboardEntry[];
}

/** True when the books agree with themselves and with what everybody was told, and everybody was told something. */
export function isReconciled({ tally, claims, report }: EveningResult): boolean {
  const equal = claims.every(({ told, books }) => told === books);
  return equal && report.clean && report.store.kind === 'compared' && tally.unknown === 0 && tally.wrong.size === 0;
}

/** Plays an evening on a mesh and looks at the books. Rejects with the signal's reason when that aborts. */
export async function runEvening(
  mesh: MeshProcess,
  evening: Evening,
  seed: number,
  progress: Progress,
  signal: AbortSignal,
): Promise<EveningResult> {
  const clients = meshClients(mesh.addresses);
  const ticking = new AbortController();
  const view = new SqliteLedgerView(dataFolder(mesh.dataDir).ledgerPath);
  try {
    const tally = new Tally();
    const random = seededRandom(seed).fork();
    const newEventId = uuidV7Source(systemClock, random.fork());
    const cashier = new Cashier({ station: clients.station, tally, random: random.fork(), newEventId });
    const wallets = walletsFor(random.fork(), evening);
    const player = new Player({ clients, cashier, wallets, tally, newEventId, signal });

    await cashier.recharge(YOU.viewerId, YOU.coins);
    await player.enter(evening, (count) => progress.status(`${count} of ${evening.viewers.length} viewers are in`));
    view.refresh();
    const before = view.appliedEntries();
    const settledNow = (): number => {
      view.refresh();
      // An entry may stand in the log twice; what is told is never more than there is.
      return Math.min(view.appliedEntries() - before, tally.decided);
    };
    progress.print(
      `${evening.viewers.length.toLocaleString('en-US')} viewers are in and have bought ` +
        `${tally.recharged.toLocaleString('en-US')} coins. The evening begins:\n\n    coins   room 1, live (WatchRoom)`,
    );
    const [{ room }] = streamersOf(1) as readonly [ReturnType<typeof streamersOf>[number]];
    const ticker = new Ticker({
      interactions: clients.interaction,
      room,
      everyMs: progress.tickerEveryMs,
      show: (line) => progress.print(line),
      signal: ticking.signal,
    });
    const watching = ticker.run().catch((error: unknown) => progress.print(`the ticker broke: ${String(error)}`));
    progress.follow(tally, evening.gifts.length, settledNow);
    const startMs = performance.now();
    await player.play(evening);
    const answeredMs = performance.now();
    await until(() => settledNow() >= tally.decided, SETTLE_LIMIT_MS, signal);
    const settleMs = performance.now() - answeredMs;
    progress.stop();
    ticking.abort();
    await watching;

    const roomCoins = tally.coinsByRoom.get(room.roomId) ?? 0n;
    const rankings = await rankingsOf(clients, room.roomId, roomCoins, signal);
    progress.status('checking the books');
    let report = await reconcileNow(mesh);
    await until(
      async () => report.log.waiting === 0 || (report = await reconcileNow(mesh)).log.waiting === 0,
      SETTLE_LIMIT_MS,
      signal,
    );
    view.refresh();
    const claims = claimsOf(
      tally,
      report,
      view,
      streamersOf(STREAMERS_MAX).map(({ streamerId }) => streamerId),
    );
    return {
      ...{ tally, settleMs, claims, report, ...rankings },
      perSecond: tally.sent / Math.max(0.001, (answeredMs - startMs) / 1000),
      settled: report.ledger.events - tally.recharges,
      watched: ticker.messages,
    };
  } finally {
    progress.stop();
    ticking.abort();
    view.close();
    clients.close();
  }
}

async function reconcileNow(mesh: MeshProcess): Promise<ReconcileReport> {
  const station = stationClient(mesh.addresses.station);
  try {
    return await reconcile({
      stores: folderStores(dataFolder(mesh.dataDir), SHARDS, undefined),
      balances: stationBalances(station),
    });
  } finally {
    station.close();
  }
}

/** The room's ranking follows the log: waits until it has seen all of its coins. */
async function rankingsOf(clients: MeshClients, roomId: bigint, coins: bigint, signal: AbortSignal) {
  const ranking = async (kind: interaction.LeaderboardKind): Promise<interaction.LeaderboardEntry[]> => {
    const period = interaction.LeaderboardPeriod.TOTAL;
    const { entries } = await clients.interaction.getLeaderboard(
      { roomId, kind, period, limit: LEADERBOARD_MAX },
      { signal },
    );
    return entries;
  };
  let streamers: interaction.LeaderboardEntry[] = [];
  await until(
    async () => {
      streamers = await ranking(interaction.LeaderboardKind.STREAMERS);
      return streamers.reduce((sum, { score }) => sum + score, 0n) >= coins;
    },
    RANKING_LIMIT_MS,
    signal,
  );
  const viewers = await ranking(interaction.LeaderboardKind.VIEWERS);
  return { streamers: streamers.slice(0, RANKING_PLACES), viewers: viewers.slice(0, RANKING_PLACES) };
}

/** Waits for something, but not for ever: what comes afterwards shows what is missing. */
async function until(isSo: () => boolean | Promise<boolean>, limitMs: number, signal: AbortSignal): Promise<void> {
  const endMs = performance.now() + limitMs;
  while (!(await isSo()) && performance.now() < endMs) await pause(LOOK_EVERY_MS, undefined, { signal });
}
