import { seededRandom, type Random } from '@giftmesh/kernel-random';
import type { AssetRecord, Counters } from '@giftmesh/domain-money';
import { dropLetter, replayLetter } from '@giftmesh/service-payment-da';
import { Oracle } from '@giftmesh/test-oracle';
import { countersFromProto, moneyLogCodec } from '@giftmesh/wire-money';
import { Cluster } from './cluster';
import { Disasters } from './disasters';
import { Faults, drawFaultRates, type FaultName } from './faults';
import { PoisonRecords } from './poison-records';
import { PoisonedEvents } from './poison';
import { Workload } from './workload';

/** Steps after which a run that has not come to rest counts as stuck. */
const STEPS_MAX = 60_000;
/** A wait for what is still under way, milliseconds. */
const REST_MS = 200;
/** Waits for the outbox to empty: longer than a clock that jumped back can make the sweeper wait. */
const REST_ROUNDS_MAX = 700;
const RECORDS_MAX = 100_000;
/** Tries of reading all balances at the end. */
const READS_MAX = 3;

/** The most disasters for an action of a client. */
const DISASTERS_MAX = 0.25;
/** Spreads seeds of poison away from those of all else. */
const POISON_SEED = 0x5eed0f00;
/** A few looks of a DA at its dead letters. */
const REPLAY_HEARD_MS = 5_000;

export interface SimulationOptions {
  /** The share of events that the ledger rejects until all heals. Default drawn by the seed: none in half of the runs, up to 0.2. */
  readonly poisonRate?: number;
}

export interface SimulationReport {
  readonly seed: number;
  /** What was wrong; empty when every invariant held. */
  readonly problems: readonly string[];
  readonly steps: number;
  readonly events: number;
  readonly applied: number;
  readonly faults: ReadonlyMap<FaultName, number>;
}

/**
 * Runs the payment services on simulated ports: clients act while things go wrong, then everything heals, clients get their
 * answers, and the oracle compares. The seed decides everything.
 */
export async function simulate(seed: number, options: SimulationOptions = {}): Promise<SimulationReport> {
  const random = seededRandom(seed);
  const faults = new Faults(random.fork(), drawFaultRates(random));
  // Of its own, so that a seed means the same with and without poison.
  const poisonRandom = seededRandom(seed ^ POISON_SEED);
  const poisonRate = options.poisonRate ?? (poisonRandom.chance(0.5) ? 0 : poisonRandom.next() * 0.2);
  const poison = new PoisonedEvents(poisonRandom, poisonRate, faults);
  const cluster = new Cluster(random.fork(), faults, poison);
  const oracle = new Oracle();
  const workload = new Workload(cluster, oracle, faults, random.fork());
  const records = new PoisonRecords(cluster.clock, random.fork(), faults, cluster.log, workload.users);
  const disasters = new Disasters(cluster, faults, records, random.fork());

  const report = (problems: readonly string[]): SimulationReport => ({
    seed,
    problems,
    steps: cluster.scheduler.taken,
    events: oracle.intents.length,
    applied: oracle.intents.filter((intent) => intent.answers.some((answer) => answer.outcome === 1)).length,
    faults: faults.counts,
  });

  for (const slot of [...cluster.das, ...cluster.stations]) slot.start();
  try {
    await disturb(cluster, workload, disasters, random);
  } catch (error) {
    return report([`the simulation itself has failed: ${String(error)}`]);
  }
  faults.heal();
  poison.heal();
  cluster.heal();
  if (!(await settleDown(cluster, workload))) return report([await describeUnrest(cluster, workload, oracle)]);
  const unseen = poisonUnseen(cluster);
  if (unseen > 0) return report([`${unseen} records of poison were neither parked nor lost with the log`]);
  if ([...faults.counts.keys()].some((name) => name.startsWith('poison ')) && (await clearDeadLetters(cluster)))
    if (!(await settleDown(cluster, workload))) return report([await describeUnrest(cluster, workload, oracle)]);
  const books = await readBooks(cluster, workload);
  if (typeof books === 'string') return report([books]);
  return report(oracle.verify(books));
}

/** Records of poison in the log that are not among the dead letters, where each content is kept once. */
function poisonUnseen({ ledger, log }: Cluster): number {
  const parked = new Set(ledger.snapshot().deadLetters.map(({ payload }) => textOf(payload)));
  return log.foreign.filter((bytes) => !parked.has(textOf(bytes))).length;
}

const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');

/**
 * What an operator does when all is well again: dead letters are replayed, and dropped when they will never be written. True when there
 * were some; stations have heard of it, and of what a DA has replayed, when it resolves.
 */
async function clearDeadLetters(cluster: Cluster): Promise<boolean> {
  const { ledger } = cluster;
  const letters = await ledger.deadLetters(RECORDS_MAX);
  for (const letter of letters) {
    const { kind } = await replayLetter(ledger, moneyLogCodec, letter);
    if (kind === 'unreadable' || kind === 'rejected' || kind === 'no_event')
      await dropLetter(ledger, moneyLogCodec, letter, { by: 'operator', why: `it is ${kind}` });
  }
  await pause(cluster, REPLAY_HEARD_MS);
  return letters.length > 0;
}

/** Clients act, and things go wrong. */
async function disturb(cluster: Cluster, workload: Workload, disasters: Disasters, random: Random): Promise<void> {
  const actions = random.integer(20, 80);
  const chaos = random.chance(0.1) ? 0 : random.next() * DISASTERS_MAX;
  for (let action = 0; action < actions; action += 1) {
    workload.act();
    if (random.chance(chaos)) await disasters.one();
    const steps = random.integer(1, 60);
    let left = steps;
    await cluster.scheduler.runUntil(() => left-- <= 0, steps + 1);
  }
}

/** Everything runs, nothing fails any more, every client gets its answer, and the books come to rest. */
async function settleDown(cluster: Cluster, workload: Workload): Promise<boolean> {
  for (let round = 0; round < 40 && !workload.satisfied; round += 1) {
    if (!(await cluster.scheduler.runUntil(() => workload.busy === 0, STEPS_MAX))) return false;
    // A full outbox wants time to empty.
    if (round > 0) await pause(cluster, REST_MS);
    await workload.resendUndecided();
  }
  if (!(await cluster.scheduler.runUntil(() => workload.satisfied, STEPS_MAX))) return false;
  for (let round = 0; round < REST_ROUNDS_MAX; round += 1) {
    if ((await cluster.outboxSize()) === 0 && (await cluster.isAllApplied()) && allServe(cluster)) return true;
    await pause(cluster, REST_MS);
  }
  return false;
}

/** True when nobody says that it can't serve: who says so gets no calls, and could say so for ever. */
function allServe({ stations, das }: Cluster): boolean {
  return [...stations, ...das].every(({ running }) => running?.service.problem() === undefined);
}

async function pause({ clock, scheduler }: Cluster, ms: number): Promise<void> {
  const untilMs = clock.monotonicMs() + ms;
  await scheduler.runUntil(() => clock.monotonicMs() >= untilMs, STEPS_MAX);
}

async function describeUnrest(cluster: Cluster, workload: Workload, oracle: Oracle): Promise<string> {
  const unanswered = {
    busyCalls: workload.busy,
    events: oracle
      .undecided()
      .map(({ event, answers }) => `${event.opUserId}/${event.eventId} ${answers.at(-1)?.message}`),
    recharges: oracle.recharges.filter((recharge) => !recharge.acknowledged).length,
    reversals: oracle.reversals.filter((reversal) => !reversal.refused && reversal.reversed === undefined).length,
    outbox: await cluster.outboxSize(),
    applied: await cluster.ledger.positions(),
    logEnds: cluster.log.endPositions(),
    stations: cluster.stations.map(({ running }) => running?.service.problem()),
    das: cluster.das.map(({ running }) => running?.service.problem()),
  };
  return `the run did not come to rest: ${JSON.stringify(unanswered)}`;
}

async function readBooks(cluster: Cluster, workload: Workload) {
  const users = [...workload.users];
  const records: AssetRecord[] = [];
  for (const user of users) records.push(...(await cluster.ledger.records(user, RECORDS_MAX)));
  // Through the station, as clients see it: users that were evicted are loaded again.
  let store: readonly Counters[] | undefined;
  // More than once: a load that was lost before all healed may be joined.
  for (let tries = 0; tries < READS_MAX && store === undefined; tries += 1) store = await readBalances(cluster, users);
  if (store === undefined) return 'balances could not be read at the end';
  const anomalies = await cluster.ledger.anomalies(RECORDS_MAX);
  return {
    records,
    ledger: await cluster.ledger.counters(users),
    store,
    // A recovery takes debits back that nobody was told of, when later ones of the same account stand in the log already.
    holesAllowed: cluster.log.fencesMax > 1,
    // A debit that was accepted before the station heard of a reversal is noted by the ledger, and right.
    anomalies: anomalies
      .filter(({ kind }) => kind !== 'spent_after_reversal')
      .map(({ kind, userId, eventId, detail }) => `${kind} of ${userId} by ${eventId}: ${detail}`),
  };
}

async function readBalances(cluster: Cluster, users: readonly bigint[]): Promise<readonly Counters[] | undefined> {
  let store: readonly Counters[] | undefined;
  let isOver = false;
  cluster
    .callStation(({ handlers }) => handlers.getAssets({ userIds: [...users], cachedOnly: false }))
    .then(
      (answer) => {
        store = answer.users.flatMap(({ assets }) =>
          assets.flatMap(({ counters }) => (counters === undefined ? [] : [countersFromProto(counters)])),
        );
      },
      () => undefined,
    )
    .finally(() => (isOver = true));
  await cluster.scheduler.runUntil(() => isOver, STEPS_MAX);
  return store;
}
