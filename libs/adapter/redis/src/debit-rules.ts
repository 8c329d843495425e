import type { DebitRequest } from '@giftmesh/domain-money';
import { assetPlace, outboxField } from './balance-keys';
import type { DebitAnswer } from './debit-results';
import { DebitCode } from './debit-script';
import { pendingText } from './stored-decision';
import type { RecordAccount, UserRecord } from './user-record';

/** What is known of events that were decided before, by outbox field. */
export type KnownDecisions = ReadonlyMap<string, DebitAnswer>;

/** The debit script's rules on the values that were read, for stores where the debit is no script. Numbers stay below 2^53, as there. */
export class UserDebits {
  /** What comes into the outbox, by field. */
  readonly added = new Map<string, string>();

  /** @param record changed by decisions; undefined for a user who is not in place. */
  constructor(readonly record: UserRecord | undefined) {}

  /** May the event have been decided before? */
  mayKnow({ event }: DebitRequest): boolean {
    return this.record !== undefined && outboxField(event.opUserId, event.eventId) <= this.record.newest;
  }

  /**
   * @param known must have what the store knows of an event that it may know.
   * @param hasRoom false when the shard's outbox is full.
   */
  decide(request: DebitRequest, known: KnownDecisions, hasRoom: boolean): DebitAnswer {
    const { record } = this;
    const { event, nowMs } = request;
    if (record === undefined) return [0, request.executable ? DebitCode.miss : DebitCode.askLedger];
    record.used = nowMs;
    const field = outboxField(event.opUserId, event.eventId);
    let { executable } = request;
    if (field <= record.newest) {
      const made = this.added.get(field);
      const before: DebitAnswer | undefined = made === undefined ? known.get(field) : [made, DebitCode.pending];
      if (before !== undefined) return before;
      if (event.eventId <= record.askThroughId && request.absentAsOf !== record.asOf) executable = false;
    }
    if (!executable) return [record.asOf, DebitCode.askLedger];

    const { assetType, incr } = event.opUserChange;
    const account = record.accounts[assetPlace(assetType)] as RecordAccount;
    const amount = Number(-incr);
    let balance = account.credited - account.reversed - account.debited;
    const applies = balance >= amount;
    if (!applies && !request.refusalIsFinal) return [balance, DebitCode.insufficient];
    if (!hasRoom) return [0, DebitCode.backlog];
    let seq: number = DebitCode.refused;
    if (applies) {
      balance -= amount;
      account.debited += amount;
      seq = account.seq += 1;
    }
    record.order += 1;
    if (field > record.newest) record.newest = field;
    const outcome = applies ? 'applied' : 'insufficient_balance';
    const text = pendingText({ ...request, outcome, opUserBalance: balance, seq, order: record.order });
    this.added.set(field, text);
    return [balance, seq];
  }
}
