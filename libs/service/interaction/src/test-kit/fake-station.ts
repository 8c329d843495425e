import { common, type station } from '@giftmesh/contract';
import {
  eventProblems,
  fingerprintOf,
  placeInWindow,
  DEFAULT_ACCEPTANCE_WINDOW,
  type DecidedEvent,
  type EventLog,
  type LogAppend,
  type LogEntry,
  type ShardMap,
} from '@giftmesh/domain-money';
import type { Clock } from '@giftmesh/kernel-time';
import { eventFromProto } from '@giftmesh/wire-money';
import type { PaymentCallOptions, PaymentClient } from '../ports';

/** A payment station in memory: balances in coins, markers, and decided events in a log. */
export class FakeStation implements PaymentClient {
  readonly balances = new Map<bigint, bigint>();
  readonly decided = new Map<string, DecidedEvent>();
  readonly requests: station.ChangeAssetsRequest[] = [];
  readonly options: (PaymentCallOptions | undefined)[] = [];
  /** What the next calls do instead of answering, in turn. */
  readonly failures: (() => Promise<never>)[] = [];
  /** Awaited by every call before it decides. */
  gate: Promise<unknown> = Promise.resolve();
  readonly #seqs = new Map<bigint, number>();

  constructor(
    private readonly clock: Clock,
    private readonly log: EventLog<LogEntry>,
    private readonly shards: ShardMap,
  ) {}

  async changeAssets(
    request: station.ChangeAssetsRequest,
    options?: PaymentCallOptions,
  ): Promise<station.ChangeAssetsResponse> {
    this.requests.push(request);
    this.options.push(options);
    await this.gate;
    const failure = this.failures.shift();
    if (failure !== undefined) await failure();
    const entries: LogAppend<LogEntry>[] = [];
    const results = request.events.map((event) => this.#decide(event, entries));
    await this.log.append(entries);
    return { results };
  }

  async getAssets(request: station.GetAssetsRequest): Promise<station.GetAssetsResponse> {
    const failure = this.failures.shift();
    if (failure !== undefined) await failure();
    return {
      users: request.userIds.map((userId) => ({
        userId,
        assets: [{ assetType: common.AssetType.COIN, balance: this.balances.get(userId) ?? 0n, counters: undefined }],
      })),
    };
  }

  #decide(message: common.AssetEvent, entries: LogAppend<LogEntry>[]): common.EventResult {
    const event = eventFromProto(message);
    const problems = eventProblems(event);
    const { eventId, opUserId } = event;
    const result = (outcome: common.EventOutcome, balance = 0n, duplicate = false, text = ''): common.EventResult => ({
      eventId,
      outcome,
      opUserBalance: balance,
      duplicate,
      message: text,
    });
    if (problems.length > 0)
      return result(common.EventOutcome.INVALID, 0n, false, problems.map((p) => p.description).join());
    const key = `${opUserId}/${eventId}`;
    const known = this.decided.get(key);
    if (known !== undefined) {
      if (known.fingerprint !== fingerprintOf(event)) return result(common.EventOutcome.EVENT_ID_REUSED);
      const outcome =
        known.outcome === 'applied' ? common.EventOutcome.APPLIED : common.EventOutcome.INSUFFICIENT_BALANCE;
      return result(outcome, known.opUserBalance, true);
    }
    const nowMs = this.clock.nowMs();
    if (placeInWindow(eventId, nowMs, DEFAULT_ACCEPTANCE_WINDOW) === 'expired')
      return result(common.EventOutcome.EVENT_ID_EXPIRED);
    const before = this.balances.get(opUserId) ?? 0n;
    const after = before + event.opUserChange.incr;
    const isApplied = after >= 0n;
    const seq = (this.#seqs.get(opUserId) ?? 0) + 1;
    const decided: DecidedEvent = {
      event,
      outcome: isApplied ? 'applied' : 'insufficient_balance',
      opUserBalance: isApplied ? after : before,
      seq: isApplied ? seq : 0,
      generation: 1,
      fingerprint: fingerprintOf(event),
      decidedAtMs: nowMs,
    };
    this.decided.set(key, decided);
    if (isApplied) {
      this.#seqs.set(opUserId, seq);
      this.balances.set(opUserId, after);
      for (const { userId, incr } of event.toUserChanges)
        this.balances.set(userId, (this.balances.get(userId) ?? 0n) + incr);
    }
    entries.push({ partition: this.shards.partitionOf(opUserId), value: { kind: 'event', decided } });
    const outcome = isApplied ? common.EventOutcome.APPLIED : common.EventOutcome.INSUFFICIENT_BALANCE;
    return result(outcome, decided.opUserBalance);
  }
}
