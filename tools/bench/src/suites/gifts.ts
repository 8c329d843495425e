import { giftRequests, type LoadSpec } from '@giftmesh/tool-load';
import { atLeast, atMost, figure, median, type Figure } from '../figures';
import { alternate, type Contestant, type Durations, type Stretch } from '../measure';
import { EchoServer, ECHO_METHOD } from '../servers/echo-server';
import { StandaloneMesh } from '../servers/standalone-mesh';
import { recharge, stageWorkload } from '../viewers';
import { realGifts } from './gifts-real';
import { idleFigures } from './idle';
import { SEND_GIFT, STREAM_GIFTS, type Suite, type SuiteContext } from './suite';

const VIEWERS = 1000;
/** Unary calls in flight: enough to keep a single-threaded server busy. */
const CONCURRENCY = 64;
const STREAM_BATCH = 64;
/** Gifts that wait for answers on the streams, eight messages: enough to keep the server busy, and no more than adds to the wait. */
const STREAM_IN_FLIGHT = 512;
const FULL: Durations = { rounds: 7, firstWarmUpMs: 5000, warmUpMs: 1500, measureMs: 4000 };
const QUICK: Durations = { rounds: 3, firstWarmUpMs: 1500, warmUpMs: 300, measureMs: 1100 };
const MB = 1e6;

const RATIO_AIM = { grpc: 0.75, light: 0.65 } as const;
const P99_AIM_MS = 50;
const CPU_AIM_US = 60;
/** The same aim for machines of any speed: set where an echo took 29 us. */
const CPU_RATIO_AIM = 2.07;
const STREAM_AIM_PER_SECOND = 40_000;

/** What a gift costs, compared with a bare gRPC call. */
export const giftsSuite: Suite = {
  name: 'gifts',
  summary:
    'SendGift against a bare grpc-js echo in alternating rounds, StreamGifts, idle memory, time to ready; --stores real: separate processes on servers, and a naive service',
  async run(context) {
    if (context.stores === 'real') return realGifts(context);
    const idle = await idleFigures(context);
    const echo = await EchoServer.start();
    try {
      const mesh = await StandaloneMesh.start(context.standaloneMain);
      try {
        const figures = await compare(context, echo, mesh);
        return { figures: [...figures, ...idle.figures], notes: [...NOTES, ...idle.notes] };
      } finally {
        await mesh.stop();
      }
    } finally {
      await echo.stop();
    }
  },
};

const NOTES = [
  'Medians over the rounds; a ratio is the median of the ratios within each round, where both sides ran right after one another.',
  'Server CPU is user and system time of the whole process, until it is quiet again: settling in the ledger is in it.',
  'OK is answered after fsync; environment.fsyncMs tells what that costs on this disk.',
];

async function compare(context: SuiteContext, echo: EchoServer, mesh: StandaloneMesh): Promise<Figure[]> {
  const { quick, seed, log } = context;
  const durations = context.durations ?? (quick ? QUICK : FULL);
  const workload = stageWorkload(VIEWERS, seed);
  log(`recharging ${VIEWERS} viewers`);
  await recharge(mesh.addresses.station, workload);

  const [sample] = giftRequests(workload, 1);
  if (sample === undefined) throw new Error('no request to measure the size of');
  const echoed: LoadSpec = {
    client: 'light',
    address: echo.address,
    method: ECHO_METHOD,
    inFlight: CONCURRENCY,
    requests: { kind: 'fixed', messageBase64: sample.toString('base64') },
  };
  const sent: LoadSpec = {
    client: 'light',
    address: mesh.addresses.interaction,
    method: SEND_GIFT,
    inFlight: CONCURRENCY,
    requests: { kind: 'gifts', workload },
  };
  const figures: Figure[] = [];
  const failures: Stretch[] = [];
  for (const client of ['grpc', 'light'] as const) {
    const pair: Contestant[] = [
      { name: `echo, ${client} client`, server: echo, load: { ...echoed, client } },
      { name: `SendGift, ${client} client`, server: mesh, load: { ...sent, client } },
    ];
    const [echoes = [], gifts = []] = await alternate(pair, durations, log);
    figures.push(...pairFigures(client, echoes, gifts));
    failures.push(...echoes, ...gifts);
  }
  const streamed: LoadSpec = {
    ...sent,
    client: 'stream',
    method: STREAM_GIFTS,
    batch: STREAM_BATCH,
    inFlight: STREAM_IN_FLIGHT,
  };
  const [streams = []] = await alternate([{ name: 'StreamGifts', server: mesh, load: streamed }], durations, log);
  failures.push(...streams);
  const { rssBytes } = await mesh.usage();
  return [
    ...figures,
    figure(
      'stream_gifts.per_second',
      overRounds(streams, ({ okPerSecond }) => okPerSecond),
      '1/s',
      atLeast(STREAM_AIM_PER_SECOND),
    ),
    ...costFigures('stream_gifts', streams, true),
    figure(
      'failed_calls',
      failures.reduce((sum, { failed }) => sum + failed, 0),
      'calls',
      atMost(0),
    ),
    figure('standalone.memory_after_load', rssBytes / MB, 'MB'),
  ];
}

function pairFigures(client: 'grpc' | 'light', echoes: readonly Stretch[], gifts: readonly Stretch[]): Figure[] {
  const ratio = median(gifts.map(({ okPerSecond }, round) => okPerSecond / (echoes[round]?.okPerSecond ?? NaN)));
  const cpuRatio = median(gifts.map(({ serverCpuUs }, round) => serverCpuUs / (echoes[round]?.serverCpuUs ?? NaN)));
  return [
    figure(
      `echo.${client}.per_second`,
      overRounds(echoes, ({ okPerSecond }) => okPerSecond),
      '1/s',
    ),
    figure(
      `send_gift.${client}.per_second`,
      overRounds(gifts, ({ okPerSecond }) => okPerSecond),
      '1/s',
    ),
    figure(`send_gift.${client}.throughput_ratio`, ratio, 'of echo', atLeast(RATIO_AIM[client])),
    figure(`send_gift.${client}.server_cpu_ratio`, cpuRatio, 'of echo', atMost(CPU_RATIO_AIM)),
    ...costFigures(`echo.${client}`, echoes, false),
    ...costFigures(`send_gift.${client}`, gifts, true),
    figure(
      `client.${client}.cpu`,
      overRounds(gifts, ({ clientCpuUs }) => clientCpuUs),
      'us/call',
    ),
  ];
}

function costFigures(name: string, stretches: readonly Stretch[], hasAims: boolean): Figure[] {
  const latency = (pick: (stretch: Stretch) => number): number => overRounds(stretches, pick);
  return [
    figure(
      `${name}.p50`,
      latency((each) => each.latency.p50Ms),
      'ms',
    ),
    figure(
      `${name}.p99`,
      latency((each) => each.latency.p99Ms),
      'ms',
      hasAims ? atMost(P99_AIM_MS) : undefined,
    ),
    figure(
      `${name}.server_cpu`,
      latency((each) => each.serverCpuUs),
      'us/call',
      hasAims ? atMost(CPU_AIM_US) : undefined,
    ),
  ];
}

function overRounds(stretches: readonly Stretch[], pick: (stretch: Stretch) => number): number {
  return median(stretches.map(pick));
}
