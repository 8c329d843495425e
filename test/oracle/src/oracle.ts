import { common, type station } from '@giftmesh/contract';
import { balanceOf, type AssetRecord, type Counters } from '@giftmesh/domain-money';

const { EventOutcome } = common;

/** An event that some client wants, and all answers that it got. */
export interface Intent {
  readonly event: common.AssetEvent;
  readonly answers: common.EventResult[];
}

/** A recharge that some client wants. */
export interface RechargeIntent {
  readonly order: station.ApplyOrderRequest;
  acknowledged: boolean;
}

export interface ReversalIntent {
  readonly request: station.ReverseEventRequest;
  /** What was given back, once answered OK. */
  reversed: bigint | undefined;
  refused: boolean;
}

const DECIDED: ReadonlySet<common.EventOutcome> = new Set([
  EventOutcome.APPLIED,
  EventOutcome.INSUFFICIENT_BALANCE,
  EventOutcome.EVENT_ID_REUSED,
  EventOutcome.EVENT_ID_EXPIRED,
  EventOutcome.INVALID,
]);

/** Writes down what clients wanted and were told, and compares it with the books at the end. */
export class Oracle {
  readonly intents: Intent[] = [];
  readonly recharges: RechargeIntent[] = [];
  readonly reversals: ReversalIntent[] = [];

  undecided(): Intent[] {
    return this.intents.filter((intent) => !intent.answers.some((answer) => DECIDED.has(answer.outcome)));
  }

  /** All that is wrong, one sentence each; empty when every invariant held. */
  verify(books: Books): string[] {
    return [
      ...this.intents.flatMap((intent) => answersProblems(intent)),
      ...this.#keyProblems(),
      ...this.#recordProblems(books),
      ...this.#balanceProblems(books),
      ...books.anomalies.map((anomaly) => `anomaly in the ledger: ${anomaly}`),
    ];
  }

  /** One event id, one content. */
  #keyProblems(): string[] {
    const winners = new Map<string, Intent>();
    const problems: string[] = [];
    for (const intent of this.intents.filter(isDecidedForItself)) {
      const key = keyOf(intent.event);
      const winner = winners.get(key);
      if (winner !== undefined) problems.push(`two contents of ${key} were decided`);
      winners.set(key, intent);
    }
    return problems;
  }

  /** What was applied is on record, whole, once; what was not is not. */
  #recordProblems(books: Books): string[] {
    const problems: string[] = [];
    const expected = new Map<string, bigint>();
    const expect = (eventId: string, opUserId: bigint, role: string, userId: bigint, incr: bigint): void => {
      expected.set(`${eventId}/${opUserId}/${role}/${userId}`, incr);
    };
    for (const { event } of this.intents.filter((intent) => hasOutcome(intent, EventOutcome.APPLIED))) {
      expect(event.eventId, event.opUserId, 'payer', event.opUserId, event.opUserChange?.incr ?? 0n);
      for (const { userId, incr } of event.toUserChanges) expect(event.eventId, event.opUserId, 'payee', userId, incr);
    }
    for (const { order, acknowledged } of this.recharges)
      if (acknowledged) expect(order.eventId, order.userId, 'payee', order.userId, order.amount);
    for (const record of books.records) {
      if (record.eventType === 'reversal') continue;
      const key = `${record.eventId}/${record.opUserId}/${record.role}/${record.userId}`;
      const incr = expected.get(key);
      if (incr === undefined) problems.push(`record ${key} was never acknowledged, or stands twice`);
      else if (incr !== record.incr) problems.push(`record ${key} says ${record.incr}, not ${incr}`);
      expected.delete(key);
    }
    for (const key of expected.keys()) problems.push(`acknowledged, but not on record: ${key}`);
    return problems;
  }

  #balanceProblems(books: Books): string[] {
    const problems: string[] = [];
    const sums = new Map<bigint, bigint>();
    for (const { userId, incr } of books.records) sums.set(userId, (sums.get(userId) ?? 0n) + incr);
    for (const account of books.ledger) {
      const balance = balanceOf(account);
      const sum = sums.get(account.userId) ?? 0n;
      if (balance !== sum) problems.push(`user ${account.userId}: ledger balance ${balance}, records add up to ${sum}`);
      const debits = books.records.filter(
        (record) => record.role === 'payer' && record.userId === account.userId && record.eventType !== 'reversal',
      ).length;
      if (debits > account.seq || (debits < account.seq && !books.holesAllowed))
        problems.push(`user ${account.userId}: ${debits} debits, seq is ${account.seq}`);
      const stored = books.store.find((other) => other.userId === account.userId);
      if (stored === undefined) problems.push(`user ${account.userId} is not in the store`);
      else if (!sameCounters(stored, account))
        problems.push(`user ${account.userId}: store ${describe(stored)}, ledger ${describe(account)}`);
    }
    const total = books.ledger.reduce((sum, account) => sum + balanceOf(account), 0n);
    const recharged = this.recharges.filter((recharge) => recharge.acknowledged);
    const bought = recharged.reduce((sum, { order }) => sum + order.amount, 0n);
    if (total !== bought) problems.push(`all balances are ${total}, recharges were ${bought}`);
    return problems;
  }
}

/** The state of everything once it is at rest. */
export interface Books {
  readonly records: readonly AssetRecord[];
  readonly ledger: readonly Counters[];
  readonly store: readonly Counters[];
  readonly anomalies: readonly string[];
  /**
   * True when the store has lost decisions that nobody was told of while later ones of the same account stood in the log already:
   * their `seq` is never used again.
   */
  readonly holesAllowed: boolean;
}

const keyOf = (event: common.AssetEvent): string => `${event.opUserId}/${event.eventId}`;
const hasOutcome = (intent: Intent, outcome: common.EventOutcome): boolean =>
  intent.answers.some((answer) => answer.outcome === outcome);
const isDecidedForItself = (intent: Intent): boolean =>
  hasOutcome(intent, EventOutcome.APPLIED) || hasOutcome(intent, EventOutcome.INSUFFICIENT_BALANCE);

/** Every answer of an event is the same, its balance included. */
function answersProblems(intent: Intent): string[] {
  const decided = intent.answers.filter((answer) => DECIDED.has(answer.outcome));
  const [first] = decided;
  if (first === undefined) return [`${keyOf(intent.event)} was never decided`];
  const other = decided.find(
    (answer) => answer.outcome !== first.outcome || answer.opUserBalance !== first.opUserBalance,
  );
  if (other === undefined) return [];
  const text = (answer: common.EventResult): string => `${EventOutcome[answer.outcome]} with ${answer.opUserBalance}`;
  return [`${keyOf(intent.event)} was answered ${text(first)}, then ${text(other)}`];
}

function sameCounters(a: Counters, b: Counters): boolean {
  return a.credited === b.credited && a.reversed === b.reversed && a.debited === b.debited && a.seq === b.seq;
}

function describe({ credited, reversed, debited, seq }: Counters): string {
  return `+${credited} -${reversed} -${debited} seq ${seq}`;
}
