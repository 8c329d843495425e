import { giftRequests, type GiftWorkload, type LoadSpec } from '@giftmesh/tool-load';
import { atLeast, atMost, figure, median, quantile, type Figure } from '../figures';
import { alternate, type Contestant, type Durations, type Stretch } from '../measure';
import { onlyNamed } from '../mesh/suites/only-named';
import { NaiveServer } from '../naive/naive-server';
import { RealMesh } from '../real/real-mesh';
import { RealServers } from '../real/real-servers';
import { SettleProbe } from '../real/settle-probe';
import type { SuiteResult } from '../report';
import { EchoServer, ECHO_METHOD } from '../servers/echo-server';
import { COINS_EACH, hotStreamerId, hotWorkload, REAL_RECHARGES_IN_FLIGHT, recharge, viewerIds } from '../viewers';
import { SEND_GIFT, type SuiteContext } from './suite';

const CLIENTS = [{ name: 'grpc' }, { name: 'light' }] as const;
const VIEWERS = 1000;
/** Unary calls in flight when none are asked for, the same for all: a crowd that gives to one streamer, as the suite is about. */
const CONCURRENCY = 1024;
const FULL: Durations = { rounds: 7, firstWarmUpMs: 12_000, warmUpMs: 1500, measureMs: 4000 };
const QUICK: Durations = { rounds: 3, firstWarmUpMs: 3000, warmUpMs: 500, measureMs: 1500 };

/** With a grpc-js client on both sides; a light one leaves the echo a core more than services and servers have. */
const ECHO_AIM = 0.6;
const NAIVE_AIM = 10;
const LAG_AIM_MS = 1000;

const NOTES = [
  'All gifts go to one streamer. Interaction, station and DA are a process each, on a Redis that syncs each write, a Kafka with acks=all that syncs when it likes, as it comes, and a MariaDB that syncs each commit and its binary log; all on this machine, the load generator too.',
  'The naive service is NestJS over gRPC with mysql2 on the same MariaDB: one transaction a gift, with locks on both accounts. It has no durable answer for retries, no rooms, no combos.',
  'Ratios are medians of the ratios within each round, where all sides ran right after one another. Throughput is over a time in which the DA settles beside; CPU is user and system time of all processes, servers of data included, until settled.',
  'Settle lag: gifts sent beside the load, from their OK until they can be read in the ledger, by looks every 10 ms; so few that the measuring does not take the CPU that is measured. The broker has its quick compiler only: in a run this short the thorough one takes more than the broker.',
];

/** The gifts suite with services in processes of their own on real servers. */
export async function realGifts(context: SuiteContext): Promise<SuiteResult> {
  const { seed, only, log } = context;
  // Refused before anything is started.
  onlyNamed(CLIENTS, only);
  const workload = hotWorkload(VIEWERS, seed);
  log('starting Redis, MariaDB and Kafka');
  const servers = await RealServers.start({ kafkaSyncs: false, kafkaCompilesAll: false });
  try {
    const mesh = await RealMesh.start({ servers, log, profiles: context.profiles });
    try {
      log(`recharging ${VIEWERS} viewers`);
      await recharge(mesh.addresses.station, workload, REAL_RECHARGES_IN_FLIGHT);
      const naive = await NaiveServer.start(servers.mariadb, viewerIds(workload), [hotStreamerId()], COINS_EACH);
      const echo = await EchoServer.start();
      const probe = await SettleProbe.open({
        address: mesh.addresses.interaction,
        mysqlUrl: servers.mariadb.url,
        gift: probeGift(workload),
      });
      try {
        return { figures: await compare(context, { echo, mesh, naive, probe }, workload), notes: NOTES };
      } finally {
        await Promise.all([probe.close(), echo.stop(), naive.stop()]);
      }
    } finally {
      await mesh.stop();
    }
  } finally {
    await servers.kill();
  }
}

interface Sides {
  readonly echo: EchoServer;
  readonly mesh: RealMesh;
  readonly naive: NaiveServer;
  readonly probe: SettleProbe;
}

/** What the probe sends: the first gift of the workload, from its first viewer. */
function probeGift({ firstViewerId, gifts: [first] }: GiftWorkload) {
  if (first === undefined) throw new Error('the workload has no gift');
  const { giftId, roomId, recipientIds } = first;
  return {
    ...{ viewerId: BigInt(firstViewerId), roomId: BigInt(roomId), giftId, count: 1, comboKey: '' },
    recipientIds: recipientIds.map(BigInt),
  };
}

async function compare(
  { quick, durations = quick ? QUICK : FULL, only, inFlight = CONCURRENCY, log }: SuiteContext,
  { echo, mesh, naive, probe }: Sides,
  workload: GiftWorkload,
): Promise<Figure[]> {
  const [sample] = giftRequests(workload, 1);
  if (sample === undefined) throw new Error('no request to measure the size of');
  const load = { method: SEND_GIFT, inFlight, requests: { kind: 'gifts', workload } } as const;
  const echoed: Omit<LoadSpec, 'client'> = {
    address: echo.address,
    method: ECHO_METHOD,
    inFlight,
    requests: { kind: 'fixed', messageBase64: sample.toString('base64') },
  };
  const figures: Figure[] = [];
  const all: Stretch[] = [];
  for (const { name: client } of onlyNamed(CLIENTS, only)) {
    const sides: Contestant[] = [
      { name: `echo, ${client} client`, server: echo, load: { ...echoed, client } },
      {
        name: `SendGift, ${client} client`,
        server: mesh,
        load: { ...load, address: mesh.addresses.interaction, client },
        beside: probe,
      },
      { name: `naive SendGift, ${client} client`, server: naive, load: { ...load, address: naive.address, client } },
    ];
    const [echoes = [], gifts = [], naives = []] = await alternate(sides, durations, log);
    figures.push(...figuresOf(client, echoes, gifts, naives));
    all.push(...echoes, ...gifts, ...naives);
  }
  const failed = all.reduce((sum, stretch) => sum + stretch.failed, probe.failed);
  return [
    ...figures,
    figure('settle_lag.p50', quantile(probe.lagsMs, 0.5), 'ms'),
    figure('settle_lag.p99', quantile(probe.lagsMs, 0.99), 'ms', atMost(LAG_AIM_MS)),
    figure('settle_lag.max', quantile(probe.lagsMs, 1), 'ms'),
    figure('settle_lag.gifts', probe.lagsMs.length, 'gifts'),
    figure('failed_calls', failed, 'calls', atMost(0)),
  ];
}

function figuresOf(
  client: string,
  echoes: readonly Stretch[],
  gifts: readonly Stretch[],
  naives: readonly Stretch[],
): Figure[] {
  const over = (stretches: readonly Stretch[], pick: (stretch: Stretch) => number): number =>
    median(stretches.map(pick));
  const rate = ({ okPerSecond }: Stretch): number => okPerSecond;
  const times = (others: readonly Stretch[]): number =>
    median(gifts.map((stretch, round) => rate(stretch) / rate(others[round] ?? stretch)));
  const side = (name: string, stretches: readonly Stretch[]): Figure[] => [
    figure(`${name}.${client}.per_second`, over(stretches, rate), '1/s'),
    ...(['p50Ms', 'p99Ms'] as const).map((key) =>
      figure(
        `${name}.${client}.${key.slice(0, 3)}`,
        over(stretches, ({ latency }) => latency[key]),
        'ms',
      ),
    ),
    figure(
      `${name}.${client}.cpu`,
      over(stretches, ({ serverCpuUs }) => serverCpuUs),
      'us/call',
    ),
    ...Object.keys(stretches[0]?.partsCpuUs ?? {}).map((part) =>
      figure(
        `${name}.${client}.cpu.${part}`,
        over(stretches, ({ partsCpuUs }) => partsCpuUs[part] ?? 0),
        'us/call',
      ),
    ),
  ];
  return [
    figure(`send_gift.${client}.of_echo`, times(echoes), 'of echo', client === 'grpc' ? atLeast(ECHO_AIM) : undefined),
    figure(`send_gift.${client}.times_naive`, times(naives), 'x', atLeast(NAIVE_AIM)),
    figure(
      `send_gift.${client}.cpu_of_echo`,
      median(gifts.map(({ serverCpuUs }, round) => serverCpuUs / (echoes[round]?.serverCpuUs ?? NaN))),
      'of echo',
    ),
    ...side('echo', echoes),
    ...side('send_gift', gifts),
    ...side('naive', naives),
  ];
}
