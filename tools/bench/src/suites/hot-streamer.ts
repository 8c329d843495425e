import type { LoadSpec } from '@giftmesh/tool-load';
import { atLeast, atMost, figure } from '../figures';
import { loadUntil, type LoadTotal } from '../load-until';
import { RealMesh } from '../real/real-mesh';
import { RealServers } from '../real/real-servers';
import { SettledBooks } from '../real/settled-books';
import { Spender } from '../real/spender';
import type { SuiteResult } from '../report';
import { hotStreamerId, hotWorkload, REAL_RECHARGES_IN_FLIGHT, recharge, STAGE_ID, viewerIds } from '../viewers';
import { STREAM_GIFTS, type Suite, type SuiteContext } from './suite';

const DEFAULT_GIFTS = 1_000_000;
const QUICK_GIFTS = 20_000;
const VIEWERS = 1_000;
const QUICK_VIEWERS = 100;
/** Gifts that wait for answers, and of a message. */
const IN_FLIGHT = 512;
const BATCH = 64;
/** Of what is broken, how much is told. */
const SHOWN_MAX = 10;
/** Lines of progress. */
const STEPS = 20;

const NOTES = [
  'Gifts of 1,000 viewers to one streamer over StreamGifts, to interaction, station and DA as processes on a Redis that syncs each write, a Kafka that syncs each batch and a MariaDB that syncs each commit.',
  'Meanwhile she spends: every 100 ms she takes out half of the balance that she sees, or buys a friend the dearest gift that it pays for. She was never recharged, so all of it was earned a moment ago.',
  'At rest: the audit of the ledger (each balance is the sum of its records), the counters of all accounts in the store against those in the ledger, and her records against the gifts that were answered OK.',
];

/** A million gifts to one streamer. */
export const hotStreamerSuite: Suite = {
  name: 'hot-streamer',
  summary: `--gifts N (${DEFAULT_GIFTS.toLocaleString('en-US')}) to one streamer on real servers, who spends meanwhile; the books afterwards`,
  async run(context) {
    context.log('starting Redis, MariaDB and Kafka');
    const servers = await RealServers.start();
    try {
      const mesh = await RealMesh.start({ servers, log: context.log, profiles: context.profiles });
      try {
        const books = await SettledBooks.open(servers.mariadb.url, mesh.addresses.station);
        try {
          return await run(context, mesh, books);
        } finally {
          await books.close();
        }
      } finally {
        await mesh.stop();
      }
    } finally {
      await servers.kill();
    }
  },
};

async function run(
  { quick, seed, gifts = quick ? QUICK_GIFTS : DEFAULT_GIFTS, log }: SuiteContext,
  mesh: RealMesh,
  books: SettledBooks,
): Promise<SuiteResult> {
  const viewers = quick ? QUICK_VIEWERS : VIEWERS;
  const workload = hotWorkload(viewers, seed);
  log(`recharging ${viewers} viewers`);
  await recharge(mesh.addresses.station, workload, REAL_RECHARGES_IN_FLIGHT);
  const spender = new Spender({
    ...mesh.addresses,
    ...{ roomId: STAGE_ID, streamerId: hotStreamerId(), friendId: hotStreamerId() + 1n },
  });
  const spec: LoadSpec = {
    ...{ client: 'stream', address: mesh.addresses.interaction, method: STREAM_GIFTS },
    ...{ inFlight: IN_FLIGHT, batch: BATCH, requests: { kind: 'gifts', workload } },
  };
  log('     gifts    settled  her balance      spent  spendings');
  const before = await mesh.usage();
  spender.start();
  let step = 0;
  let total: LoadTotal;
  try {
    total = await loadUntil(spec, gifts, async (done) => {
      const reached = Math.floor((done / gifts) * STEPS);
      if (reached === step) return;
      step = reached;
      const { balance, spent } = spender;
      const columns = [done, await books.debits(), balance, spent, spender.gifts + spender.withdrawals];
      log(columns.map((value) => value.toLocaleString('en-US').padStart(10)).join(' '));
    });
  } finally {
    await spender.stop();
  }
  const endedMs = performance.now();
  await books.untilDebits(total.ok + spender.gifts + spender.withdrawals);
  const settledS = (performance.now() - endedMs) / 1_000;
  const after = await mesh.usage();
  log('all settled; comparing the books');
  const users = [...viewerIds(workload), hotStreamerId(), hotStreamerId() + 1n];
  const [audit, different, income] = [
    await books.audit(),
    await books.differences(users),
    await books.incomeOf(hotStreamerId()),
  ];
  const missing = total.ok - income.gifts;
  const broken = [
    ...(missing > 0 ? [`${missing} gifts that were answered OK are not on record`] : []),
    ...(audit.differenceCount > 0 ? [`the audit found ${audit.differenceCount} differences`] : []),
    ...audit.differences.slice(0, SHOWN_MAX).map((difference) => JSON.stringify(difference)),
    ...different.slice(0, SHOWN_MAX),
    ...spender.refusals.slice(0, SHOWN_MAX).map((why) => `she was refused: ${why}`),
    ...(spender.gifts + spender.withdrawals === 0 ? ['she could not spend anything'] : []),
  ];
  if (total.failed > 0) log(`failed: ${JSON.stringify(total.failuresByStatus)}`);
  const cpuUs = (name: string): number => ((after.partsUs?.[name] ?? 0) - (before.partsUs?.[name] ?? 0)) / total.ok;
  const figures = [
    figure('gifts', total.ok, 'gifts', atLeast(gifts)),
    figure('failed', total.failed, 'gifts', atMost(0)),
    figure('per_second', total.ok / total.seconds, '1/s'),
    figure('settled_after', settledS, 's'),
    figure('missing_records', missing, 'gifts', atMost(0)),
    figure('her_income', Number(income.coins), 'coins'),
    figure('her_spending', Number(spender.spent), 'coins'),
    figure('her_withdrawals', spender.withdrawals, 'events', atLeast(1)),
    figure('her_gifts', spender.gifts, 'events', atLeast(1)),
    figure('her_refusals', spender.refusals.length, 'events', atMost(0)),
    figure('her_unanswered', spender.unanswered, 'calls'),
    figure('audit.accounts', audit.accounts, 'accounts'),
    figure('audit.records', audit.records, 'records'),
    figure('audit.differences', audit.differenceCount, 'differences', atMost(0)),
    figure('audit.anomalies', audit.totals.anomalies + audit.totals.deadLetters, 'events', atMost(0)),
    figure('store.differences', different.length, 'accounts', atMost(0)),
    ...Object.keys(after.partsUs ?? {}).map((name) => figure(`cpu.${name}`, cpuUs(name), 'us/gift')),
  ];
  return { figures, notes: NOTES, broken };
}
