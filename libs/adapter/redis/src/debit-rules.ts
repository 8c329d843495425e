import type { AssetType, DebitRequest } from '@giftmesh/domain-money';
import { outboxMember } from './balance-keys';
import type { DebitAnswer } from './debit-results';
import { DebitCode } from './debit-script';
import { eventToText } from './event-text';
import { fingerprintText, pendingText } from './stored-decision';
import { UserField, userHead, userHeadText, userTurn, userTurnText, type UserHead, type UserTurn } from './user-fields';

interface Account {
  /** False for an account that the user does not have. */
  readonly exists: boolean;
  readonly credited: number;
  readonly reversed: number;
  debited: number;
  seq: number;
}

/** What a user's hash says, by field; null for what it does not have. */
export type UserFieldTexts = ReadonlyMap<string, string | null>;

/** The debit script's rules on the values that were read, for stores where the debit is no script. Numbers stay below 2^53, as there. */
export class UserDebits {
  /** What changes in the user's hash. */
  readonly writes = new Map<string, string>();
  /** What comes into the outbox, by time. */
  readonly added: { readonly atMs: number; readonly member: string }[] = [];
  readonly #accounts = new Map<AssetType, Account>();
  readonly #head: UserHead | undefined;
  readonly #turn: UserTurn;

  constructor(
    private readonly fields: UserFieldTexts,
    private readonly generation: string,
  ) {
    const text = fields.get(UserField.head) ?? null;
    const head = text === null ? undefined : userHead(text);
    this.#head = head?.generation === generation ? head : undefined;
    this.#turn = userTurn(fields.get(UserField.turn) ?? '');
  }

  /** @param hasRoom false when the shard's outbox is full. */
  decide(request: DebitRequest, hasRoom: boolean): DebitAnswer {
    const { event, executable, nowMs } = request;
    const { eventId } = event;
    const head = this.#head;
    if (head === undefined) return [executable ? DebitCode.miss : DebitCode.askLedger, 0, 0];
    const turn = this.#turn;
    turn.used = String(nowMs);
    this.writes.set(UserField.turn, userTurnText(turn));
    const known = this.writes.get(eventId) ?? this.fields.get(eventId) ?? null;
    if (known !== null) return [DebitCode.known, known, 0];
    const asOf = Number(head.asOf);
    const mayBeForgotten = eventId <= head.askThroughId;
    if (!executable || (mayBeForgotten && request.absentAsOf !== asOf)) return [DebitCode.askLedger, asOf, 0];

    const { assetType, incr } = event.opUserChange;
    const account = this.#account(assetType);
    const amount = Number(-incr);
    const balance = account.credited - account.reversed - account.debited;
    const applies = account.exists && balance >= amount;
    if (!applies && !request.refusalIsFinal) return [DebitCode.insufficient, balance, 0];
    if (!hasRoom) return [DebitCode.backlog, 0, 0];
    turn.order += 1;
    this.writes.set(UserField.turn, userTurnText(turn));
    if (applies) {
      account.debited += amount;
      account.seq += 1;
      const { credited, reversed, debited, seq } = account;
      this.writes.set(UserField.account(assetType), [credited, reversed, debited, seq].join(' '));
    } else if (eventId > head.refusedId) {
      head.refusedId = eventId;
      this.writes.set(UserField.head, userHeadText(head));
    }
    if (applies) {
      this.#remember(request, 'applied', balance - amount, account.seq, turn.order);
      return [DebitCode.applied, balance - amount, account.seq];
    }
    this.#remember(request, 'insufficient_balance', balance, 0, turn.order);
    return [DebitCode.refused, balance, 0];
  }

  #remember(
    { event, fingerprint, nowMs }: DebitRequest,
    outcome: 'applied' | 'insufficient_balance',
    balance: number,
    seq: number,
    order: number,
  ): void {
    const text = pendingText({
      fingerprint: fingerprintText(fingerprint),
      outcome,
      opUserBalance: String(balance),
      seq: String(seq),
      generation: this.generation,
      decidedAtMs: String(nowMs),
      order: String(order),
      event: eventToText(event),
    });
    this.writes.set(event.eventId, text);
    this.added.push({ atMs: nowMs, member: outboxMember(event.opUserId, event.eventId) });
  }

  #account(assetType: AssetType): Account {
    const known = this.#accounts.get(assetType);
    if (known !== undefined) return known;
    const text = this.fields.get(UserField.account(assetType)) ?? null;
    const [credited = 0, reversed = 0, debited = 0, seq = 0] = (text ?? '').split(' ').map(Number);
    const account: Account = { exists: text !== null, credited, reversed, debited, seq };
    this.#accounts.set(assetType, account);
    return account;
  }
}
