import { seededRandom, type Random } from '@giftmesh/kernel-random';
import type { AssetRecord, Counters } from '@giftmesh/domain-money';
import { replayLetter } from '@giftmesh/service-payment-da';
import { countersFromProto, moneyLogCodec } from '@giftmesh/wire-money';
import { Cluster } from './cluster';
import { Faults, drawFaultRates, type FaultName } from './faults';
import { PoisonedEvents } from './poison';
import { Oracle } from '@giftmesh/test-oracle';
import { Workload } from './workload';

/** Steps after which a run that has not come to rest counts as stuck. */
const STEPS_MAX = 60_000;
/** Waits of 200 ms for the outbox to empty: longer than a clock that jumped back can make the sweeper wait. */
const REST_ROUNDS_MAX = 700;
const RECORDS_MAX = 100_000;

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
  const workload = new Workload(cluster, oracle, random.fork());

  const report = (problems: readonly string[]): SimulationReport => ({
    seed,
    problems,
    steps: cluster.scheduler.taken,
    events: oracle.intents.length,
    applied: oracle.intents.filter((intent) => intent.answers.some((answer) => answer.outcome === 1)).length,
    faults: faults.counts,
  });

  cluster.startDa();
  cluster.startStation();
  try {
    await disturb(cluster, workload, faults, random);
  } catch (error) {
    return report([`the simulation itself has failed: ${String(error)}`]);
  }
  faults.heal();
  poison.heal();
  if (!(await settleDown(cluster, workload))) return report([await describeUnrest(cluster, workload, oracle)]);
  if (faults.counts.has('poison')) {
    await replayDeadLetters(cluster);
    if (!(await settleDown(cluster, workload))) return report([await describeUnrest(cluster, workload, oracle)]);
  }
  const books = await readBooks(cluster, workload, faults.counts.has('storeLost'));
  if (typeof books === 'string') return report([books]);
  return report(oracle.verify(books));
}

/** What an operator does when all is well again. Stations have heard of it, and of what a DA has replayed, when it resolves. */
async function replayDeadLetters({ clock, ledger, scheduler }: Cluster): Promise<void> {
  for (const letter of await ledger.deadLetters(RECORDS_MAX)) await replayLetter(ledger, moneyLogCodec, letter);
  const untilMs = clock.monotonicMs() + REPLAY_HEARD_MS;
  await scheduler.runUntil(() => clock.monotonicMs() >= untilMs, STEPS_MAX);
}

/** Clients act, processes die, the store loses, clocks jump. */
async function disturb(cluster: Cluster, workload: Workload, faults: Faults, random: Random): Promise<void> {
  const actions = random.integer(20, 80);
  const chaos = random.chance(0.2) ? 0 : random.next() * 0.15;
  for (let action = 0; action < actions; action += 1) {
    workload.act();
    if (random.chance(chaos)) await oneDisaster(cluster, faults, random);
    const steps = random.integer(1, 60);
    let left = steps;
    await cluster.scheduler.runUntil(() => left-- <= 0, steps + 1);
  }
}

async function oneDisaster(cluster: Cluster, faults: Faults, random: Random): Promise<void> {
  switch (random.integer(0, 4)) {
    case 0:
      if (!cluster.stationAlive) return cluster.startStation();
      faults.count('stationKilled');
      cluster.killStation();
      if (random.chance(0.7)) cluster.startStation();
      return;
    case 1:
      if (cluster.daCount === 0) return cluster.startDa();
      faults.count('daKilled');
      cluster.killDa();
      if (random.chance(0.7)) cluster.startDa();
      return;
    case 2:
      if (cluster.daCount >= 2) return;
      faults.count('secondDa');
      return cluster.startDa();
    case 3:
      faults.count('storeLost');
      return cluster.store.loseLast(random.chance(0.2) ? cluster.store.writes : random.integer(0, 10));
    default:
      faults.count('clockJumped');
      cluster.clock.jumpWallClock(random.integer(-60_000, 60_000));
  }
}

/** Everything runs, nothing fails any more, every client gets its answer, and the books come to rest. */
async function settleDown(cluster: Cluster, workload: Workload): Promise<boolean> {
  if (cluster.daCount === 0) cluster.startDa();
  if (!cluster.stationAlive) cluster.startStation();
  for (let round = 0; round < 40 && !workload.satisfied; round += 1) {
    if (!(await cluster.scheduler.runUntil(() => workload.busy === 0, STEPS_MAX))) return false;
    await workload.resendUndecided();
  }
  if (!(await cluster.scheduler.runUntil(() => workload.satisfied, STEPS_MAX))) return false;
  for (let round = 0; round < REST_ROUNDS_MAX; round += 1) {
    if ((await cluster.store.store.outboxSize()) === 0) return true;
    const untilMs = cluster.clock.monotonicMs() + 200;
    await cluster.scheduler.runUntil(() => cluster.clock.monotonicMs() >= untilMs, STEPS_MAX);
  }
  return false;
}

async function describeUnrest(cluster: Cluster, workload: Workload, oracle: Oracle): Promise<string> {
  const unanswered = {
    busyCalls: workload.busy,
    events: oracle
      .undecided()
      .map(({ event, answers }) => `${event.opUserId}/${event.eventId} ${answers.at(-1)?.message}`),
    recharges: oracle.recharges.filter((recharge) => !recharge.acknowledged).length,
    reversals: oracle.reversals.filter((reversal) => !reversal.refused && reversal.reversed === undefined).length,
    outbox: await cluster.store.store.outboxSize(),
    station: cluster.station?.problem(),
    das: cluster.daProblems,
  };
  return `the run did not come to rest: ${JSON.stringify(unanswered)}`;
}

async function readBooks(cluster: Cluster, workload: Workload, holesAllowed: boolean) {
  const users = [...workload.users];
  const records: AssetRecord[] = [];
  for (const user of users) records.push(...(await cluster.ledger.records(user, RECORDS_MAX)));
  // Through the station, as clients see it: users that were evicted are loaded again.
  let store: readonly Counters[] | undefined;
  let failed = false;
  cluster
    .callStation(({ handlers }) => handlers.getAssets({ userIds: users, cachedOnly: false }))
    .then(
      (answer) => {
        store = answer.users.flatMap(({ assets }) =>
          assets.flatMap(({ counters }) => (counters === undefined ? [] : [countersFromProto(counters)])),
        );
      },
      () => (failed = true),
    );
  await cluster.scheduler.runUntil(() => failed || store !== undefined, STEPS_MAX);
  if (store === undefined) return 'balances could not be read at the end';
  const anomalies = await cluster.ledger.anomalies(RECORDS_MAX);
  return {
    records,
    ledger: await cluster.ledger.counters(users),
    store,
    holesAllowed,
    // A debit that was accepted before the station heard of a reversal is noted by the ledger, and right.
    anomalies: anomalies
      .filter(({ kind }) => kind !== 'spent_after_reversal')
      .map(({ kind, userId, eventId, detail }) => `${kind} of ${userId} by ${eventId}: ${detail}`),
  };
}
