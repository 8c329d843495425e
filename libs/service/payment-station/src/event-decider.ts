import { common } from '@giftmesh/contract';
import { assertNever } from '@giftmesh/kernel-errors';
import type { Clock } from '@giftmesh/kernel-time';
import {
  StoreLostError,
  eventProblems,
  fingerprintOf,
  markerOf,
  placeInWindow,
  type AcceptanceWindow,
  type AssetEvent,
  type BalanceStore,
  type DebitRequest,
  type DebitResult,
  type DecidedEvent,
  type Marker,
} from '@giftmesh/domain-money';
import { WireError, countersFromProto, eventFromProto, markerFromProto, outcomes } from '@giftmesh/wire-money';
import type { AccountLoader } from './account-loader';
import type { CreditRefresh } from './credit-refresh';
import type { GenerationRecovery } from './generation-recovery';
import type { LogAppender } from './log-appender';
import type { PaymentDaClient } from './ports';

const { EventOutcome } = common;

export interface EventDeciderOptions {
  /** How often an event may come back to the store (after a load, a question to the ledger, a recovery) before it is left UNKNOWN. */
  readonly roundsMax: number;
  /** The longest wait for the ledger's answer about events, milliseconds. */
  readonly askTimeoutMs: number;
  /** The longest that a batch is worked on; what is undecided then is UNKNOWN. Milliseconds. */
  readonly decideMaxMs: number;
}

export const DEFAULT_EVENT_DECIDER_OPTIONS: EventDeciderOptions = {
  roundsMax: 6,
  askTimeoutMs: 1_500,
  decideMaxMs: 1_900,
};

/** What the decider needs. */
export interface EventDeciderPorts {
  readonly clock: Clock;
  readonly store: BalanceStore;
  readonly ledger: PaymentDaClient;
  readonly appender: LogAppender;
  readonly loader: AccountLoader;
  readonly recovery: GenerationRecovery;
  readonly refresh: CreditRefresh;
  readonly window: AcceptanceWindow;
}

/** An event on its way, and where its answer goes. */
interface Work {
  readonly event: AssetEvent;
  readonly fingerprint: bigint;
  /** False outside the acceptance window: only what is on record is answered. */
  readonly executable: boolean;
  refusalIsFinal: boolean;
  absentAsOf: number | undefined;
  readonly answer: (outcome: common.EventOutcome, balance: bigint, duplicate: boolean) => void;
}

interface Decided {
  readonly work: Work;
  readonly marker: Marker;
  readonly pending: DecidedEvent;
  readonly duplicate: boolean;
}

/**
 * Decides events: validates them, debits the store, fetches what the store lacks from the ledger, and answers when the decision
 * is durable in the log. Events of a batch don't wait for each other's loads, only the whole answer does.
 */
export class EventDecider {
  constructor(
    private readonly ports: EventDeciderPorts,
    private readonly options: EventDeciderOptions = DEFAULT_EVENT_DECIDER_OPTIONS,
  ) {}

  /** One result an event, in order. What is not decided within `budgetMs` is UNKNOWN. */
  async decide(messages: readonly common.AssetEvent[], budgetMs: number): Promise<common.EventResult[]> {
    const results: common.EventResult[] = [];
    const works: Work[] = [];
    for (const message of messages) {
      const result: common.EventResult = {
        eventId: message.eventId,
        outcome: EventOutcome.UNKNOWN,
        opUserBalance: 0n,
        duplicate: false,
        message: '',
      };
      results.push(result);
      const work = this.#read(message, result);
      if (work !== undefined) works.push(work);
    }
    if (works.length > 0) await this.#withinBudget(this.#round(works, 1), Math.min(budgetMs, this.options.decideMaxMs));
    // A copy: what is decided later must not change an answer that is being sent.
    return results.map((result) => ({ ...result }));
  }

  /** Checks what needs no state. Undefined when that settles the result. */
  #read(message: common.AssetEvent, result: common.EventResult): Work | undefined {
    const refuse = (text: string): undefined => {
      result.outcome = EventOutcome.INVALID;
      result.message = text;
    };
    let event: AssetEvent;
    try {
      event = eventFromProto(message);
    } catch (error) {
      if (error instanceof WireError) return refuse(error.message);
      throw error;
    }
    const [problem] = eventProblems(event);
    if (problem !== undefined) return refuse(`${problem.field} ${problem.description}`);
    const place = placeInWindow(event.eventId, this.ports.clock.nowMs(), this.ports.window);
    if (place === 'future') return refuse('event_id is from the future');
    return {
      event,
      fingerprint: fingerprintOf(event),
      executable: place === 'inside',
      refusalIsFinal: false,
      absentAsOf: undefined,
      answer: (outcome, balance, duplicate) => {
        result.outcome = outcome;
        result.opUserBalance = balance;
        result.duplicate = duplicate;
      },
    };
  }

  async #withinBudget(work: Promise<void>, budgetMs: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const cancel = this.ports.clock.schedule(Math.max(0, budgetMs), resolve);
      // A failure leaves its events UNKNOWN: the caller sends them again.
      work
        .catch(() => undefined)
        .finally(() => {
          cancel();
          resolve();
        });
    });
  }

  async #round(works: readonly Work[], round: number): Promise<void> {
    if (works.length === 0 || round > this.options.roundsMax) return;
    const nowMs = this.ports.clock.nowMs();
    let answers: readonly DebitResult[];
    try {
      answers = await this.ports.store.debit(works.map((work) => requestOf(work, nowMs)));
    } catch (error) {
      if (!(error instanceof StoreLostError)) throw error;
      await this.ports.recovery.run();
      return this.#round(works, round + 1);
    }
    const decided: Decided[] = [];
    const missing: Work[] = [];
    const asking: { work: Work; asOf: number }[] = [];
    const insufficient: Work[] = [];
    works.forEach((work, index) => {
      const answer = answers[index] as DebitResult;
      switch (answer.kind) {
        case 'decided': {
          const { marker, pending, duplicate } = answer;
          if (pending === undefined) answerWith(work, marker, duplicate);
          else decided.push({ work, marker, pending, duplicate });
          break;
        }
        case 'reused':
          // Told only when the other content's decision is durable: one that gets lost leaves the id free for this one.
          if (answer.pending === undefined) work.answer(EventOutcome.EVENT_ID_REUSED, 0n, true);
          else decided.push({ work, marker: markerOf(answer.pending), pending: answer.pending, duplicate: true });
          break;
        case 'miss':
          missing.push(work);
          break;
        case 'ask_ledger':
          asking.push({ work, asOf: answer.asOf });
          break;
        case 'insufficient':
          insufficient.push(work);
          break;
        case 'backlog':
          // Left UNKNOWN: nothing was stored, a later call may go through.
          break;
        default:
          assertNever(answer);
      }
    });
    await Promise.all([
      this.#makeDurable(decided),
      this.#load(missing, round),
      this.#ask(asking, round),
      this.#refreshCredits(insufficient, round),
    ]);
  }

  /** Answers decisions once they are durable, if they still count then. */
  async #makeDurable(decided: readonly Decided[]): Promise<void> {
    if (decided.length === 0) return;
    await this.ports.appender.append(decided.map(({ pending }) => pending));
    const generations = await this.ports.store.generationOf(decided.map(({ pending }) => pending.event.opUserId));
    const doubtful: Decided[] = [];
    decided.forEach((item, index) => {
      if (generations[index] === item.pending.generation) answerWith(item.work, item.marker, item.duplicate);
      else doubtful.push(item);
    });
    if (doubtful.length === 0) return;
    // The store was recovered meanwhile: the decision may stand behind the fence. What the ledger says then is final.
    const markers = await this.#onRecord(
      doubtful.map(({ work }) => work),
      true,
    );
    doubtful.forEach(({ work, duplicate }, index) => {
      const marker = markers[index];
      if (marker !== undefined) answerWith(work, marker, duplicate);
    });
  }

  async #load(works: readonly Work[], round: number): Promise<void> {
    if (works.length === 0) return;
    const users = new Set(works.map((work) => work.event.opUserId));
    try {
      await Promise.all([...users].map((userId) => this.ports.loader.load(userId)));
    } catch (error) {
      if (!(error instanceof StoreLostError)) throw error;
      await this.ports.recovery.run();
    }
    await this.#round(works, round + 1);
  }

  async #ask(asking: readonly { work: Work; asOf: number }[], round: number): Promise<void> {
    if (asking.length === 0) return;
    // An expired event may stand in the log unapplied; one that is merely older than the markers was settled before they went.
    const groups = [asking.filter(({ work }) => work.executable), asking.filter(({ work }) => !work.executable)];
    await Promise.all(
      groups.map(async (group, index) => {
        if (group.length === 0) return;
        const expired = index === 1;
        const markers = await this.#onRecord(
          group.map(({ work }) => work),
          expired,
        );
        const absent: Work[] = [];
        group.forEach(({ work, asOf }, position) => {
          const marker = markers[position];
          if (marker !== undefined) answerWith(work, marker, true);
          else if (expired) work.answer(EventOutcome.EVENT_ID_EXPIRED, 0n, false);
          else {
            work.absentAsOf = asOf;
            absent.push(work);
          }
        });
        await this.#round(absent, round + 1);
      }),
    );
  }

  /** Asks the ledger for credits that the store has not heard of, once in a while, before a refusal becomes final. */
  async #refreshCredits(works: readonly Work[], round: number): Promise<void> {
    if (works.length === 0) return;
    const stale = new Set<bigint>();
    for (const work of works) {
      work.refusalIsFinal = true;
      if (this.ports.refresh.take(work.event.opUserId)) stale.add(work.event.opUserId);
    }
    await Promise.all([...stale].map((userId) => this.ports.loader.load(userId)));
    await this.#round(works, round + 1);
  }

  /** What the ledger has on record of events; their users' counters are taken over on the way. */
  async #onRecord(works: readonly Work[], behindBarrier: boolean): Promise<(Marker | undefined)[]> {
    const answer = await this.ports.ledger.checkEvents(
      { events: works.map(({ event: { opUserId, eventId } }) => ({ opUserId, eventId })), behindBarrier },
      { timeoutMs: this.options.askTimeoutMs },
    );
    await this.ports.store.merge(answer.counters.map(countersFromProto));
    return answer.events.map(markerFromProto);
  }
}

function requestOf(work: Work, nowMs: number): DebitRequest {
  const { event, fingerprint, executable, refusalIsFinal, absentAsOf } = work;
  return { event, fingerprint, executable, refusalIsFinal, absentAsOf, nowMs };
}

function answerWith(work: Work, marker: Marker, duplicate: boolean): void {
  if (marker.fingerprint === work.fingerprint)
    work.answer(outcomes.toProto(marker.outcome), marker.opUserBalance, duplicate);
  else work.answer(EventOutcome.EVENT_ID_REUSED, 0n, true);
}
