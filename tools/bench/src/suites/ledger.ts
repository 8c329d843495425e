import { createConnection, type RowDataPacket } from 'mysql2/promise';
import { MysqlLedger } from '@giftmesh/adapter-mysql';
import { ShardMap, type DecidedEvent } from '@giftmesh/domain-money';
import { systemClock } from '@giftmesh/kernel-time';
import type { BarChart } from '../charts/chart';
import { atLeast, figure, median, type Figure } from '../figures';
import { settleBare } from '../ledger/bare-settle';
import { allStreamers, allViewers, GiftSource, WORKLOADS, type Workload } from '../ledger/gift-source';
import { settleByKafka } from '../ledger/kafka-settle';
import { appendGifts } from '../ledger/log-source';
import { onlyNamed } from '../mesh/suites/only-named';
import { fundAccounts, NaiveLedger, type NaiveGift } from '../naive/naive-ledger';
import { NAIVE_CONNECTIONS } from '../naive/naive-server';
import { newDatabase } from '../real/new-database';
import { RealServers } from '../real/real-servers';
import type { Suite, SuiteContext } from './suite';

/** As the services have them by default. */
const SHARDS = new ShardMap(256, 4);
/** Coins that nobody spends in a run. */
const COINS = 1_000_000_000_000n;

interface Sizes {
  readonly rounds: number;
  /** One transaction each. */
  readonly naive: number;
  /** Settled in batches, and those of them that are not measured. */
  readonly batched: number;
  readonly warmUp: number;
}
const FULL: Sizes = { rounds: 3, naive: 8_000, batched: 300_000, warmUp: 60_000 };
const QUICK: Sizes = { rounds: 1, naive: 1_000, batched: 40_000, warmUp: 10_000 };

/** How many times as fast as the naive ledger the consumer is meant to be. */
const AIMS: Readonly<Record<string, number>> = { hot_streamer: 40, '10000_streamers': 10 };
/** Ways to settle, in the order of a round. `kafka_2`, two DAs as a mesh has them, is what aims are about. */
const WAYS = ['naive', 'kafka_1', 'kafka_2', 'bare'] as const;
type Way = (typeof WAYS)[number];
type Rates = Record<Way, number[]>;

const NOTES = [
  'MariaDB syncs each commit and its binary log. naive: a transaction a gift, 16 connections. kafka_1, kafka_2: one and two processes of the DA as shipped, from a topic that was filled before; the first gifts of each round are not measured (code is being compiled). bare: MysqlLedger.apply alone, 4,096 gifts at once, two appliers.',
  'Kafka does not sync each batch in this suite: the topic is filled before, and reading it is what is measured.',
  'Ratios are medians of the ratios within each round.',
];

/** One transaction a gift against the consumer. */
export const ledgerSuite: Suite = {
  name: 'ledger',
  summary:
    'settling on MariaDB: a transaction a gift, the DA through Kafka, and bare batches; a hot streamer and 10,000',
  async run(context) {
    const workloads = onlyNamed(WORKLOADS, context.only);
    context.log('starting Redis, MariaDB and Kafka');
    const servers = await RealServers.start({ kafkaSyncs: false });
    try {
      const bench = await LedgerBench.open(servers, context);
      try {
        const figures: Figure[] = [];
        const rates = new Map<string, Rates>();
        for (const workload of workloads) {
          const measured = await bench.compare(workload);
          rates.set(workload.name, measured.rates);
          figures.push(...measured.figures);
        }
        return { figures, notes: NOTES, charts: [chartOf(rates)] };
      } finally {
        await bench.close();
      }
    } finally {
      await servers.kill();
    }
  },
};

/** The same gifts' makers for all ways, a database for each way. */
class LedgerBench {
  readonly #source: GiftSource;
  readonly #sizes: Sizes;
  #earned = 0n;

  private constructor(
    private readonly servers: RealServers,
    private readonly context: SuiteContext,
    private readonly naive: NaiveLedger,
    private readonly bare: MysqlLedger,
  ) {
    this.#source = new GiftSource(context.seed);
    this.#sizes = context.quick ? QUICK : FULL;
  }

  static async open(servers: RealServers, context: SuiteContext): Promise<LedgerBench> {
    const own = servers.mariadb.url;
    const urls = {
      naive: await newDatabase(own, 'naive', SHARDS),
      bare: await newDatabase(own, 'bare', SHARDS),
      own: await newDatabase(own, undefined, SHARDS),
    };
    for (const url of Object.values(urls)) await fundAccounts(url, allViewers(), allStreamers(10_000), COINS);
    const bare = await MysqlLedger.open({ url: urls.bare, clock: systemClock, shards: SHARDS });
    return new LedgerBench(servers, context, new NaiveLedger(urls.naive, NAIVE_CONNECTIONS), bare);
  }

  /** All ways in rounds, in an order that turns around. */
  async compare(workload: Workload): Promise<{ rates: Rates; figures: Figure[] }> {
    const { rounds } = this.#sizes;
    const rates: Rates = { naive: [], kafka_1: [], kafka_2: [], bare: [] };
    const cpu: Record<string, number>[] = [];
    // Connections, statements and compiled code of this process: not measured.
    await this.naive.giveAll(this.#source.take(500, workload).map(naiveGift));
    await settleBare(this.bare, SHARDS, this.#source.take(this.#sizes.warmUp / 2, workload));
    await this.#byKafka(workload, 1, 2_000, 0);
    for (let round = 1; round <= rounds; round += 1) {
      for (const way of round % 2 === 0 ? [...WAYS].reverse() : WAYS) {
        const { rate, partsCpuUs } = await this.#settle(way, workload);
        rates[way].push(rate);
        if (way === 'kafka_2') cpu.push(partsCpuUs);
        const parts = Object.entries(partsCpuUs).map(([name, us]) => `${name} ${us.toFixed(1)}`);
        const told = parts.length > 0 ? ` (us CPU: ${parts.join(', ')})` : '';
        this.context.log(`round ${round}/${rounds} ${workload.name} ${way}: ${Math.round(rate)} gifts/s${told}`);
      }
    }
    return { rates, figures: figuresOf(workload.name, rates, cpu) };
  }

  async close(): Promise<void> {
    await Promise.all([this.naive.close(), this.bare.close()]);
  }

  async #settle(way: Way, workload: Workload): Promise<{ rate: number; partsCpuUs: Record<string, number> }> {
    const { naive, batched, warmUp } = this.#sizes;
    if (way === 'kafka_1' || way === 'kafka_2')
      return this.#byKafka(workload, way === 'kafka_1' ? 1 : 2, batched, warmUp);
    const gifts = this.#source.take(way === 'naive' ? naive : batched, workload);
    const startMs = performance.now();
    if (way === 'naive') await this.naive.giveAll(gifts.map(naiveGift));
    else await settleBare(this.bare, SHARDS, gifts);
    return { rate: (gifts.length * 1_000) / (performance.now() - startMs), partsCpuUs: {} };
  }

  async #byKafka(workload: Workload, consumers: number, gifts: number, warmUp: number) {
    const taken = this.#source.take(gifts, workload);
    await appendGifts(this.servers, SHARDS, taken);
    const { profiles } = this.context;
    const { giftsPerSecond, partsCpuUs } = await settleByKafka({
      ...{ servers: this.servers, consumers, gifts, warmUp, profiles },
    });
    this.#earned += taken.reduce((sum, { event }) => sum - event.opUserChange.incr, 0n);
    await this.#check();
    return { rate: giftsPerSecond, partsCpuUs: { ...partsCpuUs } };
  }

  /** What streamers have must be what was appended, or the figures are of something else. */
  async #check(): Promise<void> {
    const sql = await createConnection(this.servers.mariadb.url);
    const [rows] = await sql.query<(RowDataPacket & { earned: string })[]>(
      'SELECT CAST(SUM(credited) AS CHAR) AS earned FROM user_asset WHERE asset_type = 2',
    );
    await sql.end();
    if (BigInt(rows[0]?.earned ?? 0) !== this.#earned)
      throw new Error(`streamers have ${rows[0]?.earned}, and gifts of ${this.#earned} were appended`);
  }
}

function naiveGift({ event }: DecidedEvent): NaiveGift {
  const { eventId, opUserId, bizId: roomId, objId, opUserChange, toUserChanges } = event;
  return { eventId, opUserId, streamerId: toUserChanges[0]?.userId ?? 0n, incr: -opUserChange.incr, roomId, objId };
}

function figuresOf(name: string, rates: Rates, cpu: readonly Record<string, number>[]): Figure[] {
  const times = (way: Way): number => median(rates[way].map((rate, round) => rate / (rates.naive[round] ?? NaN)));
  const aim = AIMS[name];
  return [
    ...WAYS.map((way) => figure(`${name}.${way}.per_second`, median(rates[way]), 'gifts/s')),
    ...WAYS.filter((way) => way !== 'naive').map((way) =>
      figure(
        `${name}.${way}.times_naive`,
        times(way),
        'x',
        way === 'kafka_2' && aim !== undefined ? atLeast(aim) : undefined,
      ),
    ),
    ...Object.keys(cpu[0] ?? {}).map((part) =>
      figure(`${name}.kafka_2.cpu.${part}`, median(cpu.map((parts) => parts[part] ?? 0)), 'us/gift'),
    ),
  ];
}

function chartOf(rates: ReadonlyMap<string, Rates>): BarChart {
  return {
    kind: 'bars',
    name: 'ledger',
    title: 'Gifts settled per second',
    subtitle: 'MariaDB that syncs each commit and its binary log; DAs read a Kafka topic that was filled before',
    yTitle: 'gifts/s',
    groups: [...rates.keys()].map((name) => name.replace('_', ' ')),
    series: [
      ['naive', 'a transaction a gift'],
      ['kafka_1', 'one DA through Kafka'],
      ['kafka_2', 'two DAs through Kafka'],
      ['bare', 'batches without Kafka'],
    ].map(([way, name = '']) => ({ name, values: [...rates.values()].map((each) => median(each[way as Way])) })),
  };
}
