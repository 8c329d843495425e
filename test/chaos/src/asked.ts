import { common, type interaction, type station } from '@giftmesh/contract';
import type { Random } from '@giftmesh/kernel-random';
import { Oracle, type Intent, type RechargeIntent, type ReversalIntent } from '@giftmesh/test-oracle';
import type { Answer } from './answers';
import { drawGift, expectedEvent, type Cast } from './cast';
import type { Counts } from './counts';

const { AssetType, EventOutcome, EventType } = common;

/** A gift that somebody asked for. */
export interface AskedGift {
  readonly request: interaction.SendGiftRequest;
  readonly intent: Intent;
  /** What it costs. */
  readonly coins: bigint;
  /** Calls under way. */
  inFlight: number;
}

export interface AskedRecharge {
  readonly intent: RechargeIntent;
  inFlight: number;
}

export interface AskedReversal {
  readonly intent: ReversalIntent;
  inFlight: number;
}

/** Problems that are kept; a broken invariant shows in the first. */
const PROBLEMS_MAX = 200;

/** Everything that clients of one epoch asked for and were told, and what they ask for next. */
export class Asked {
  readonly oracle = new Oracle();
  readonly gifts: AskedGift[] = [];
  readonly recharges: AskedRecharge[] = [];
  readonly reversals: AskedReversal[] = [];
  /** What was wrong with an answer as it came. */
  readonly problems: string[] = [];
  /** A process's clock is, or was, so far off that it takes good ids for too old or too new: that decides nothing, the id is sent again. */
  clocksMayBeOff = false;
  readonly #undecided = new Set<AskedGift>();
  readonly #refused: AskedGift[] = [];
  readonly #applied: AskedGift[] = [];
  /** Contents by event key, to see that one is only called reused when there are several. */
  readonly #contents = new Map<string, number>();

  constructor(
    readonly cast: Cast,
    private readonly random: Random,
    private readonly newEventId: () => string,
    private readonly counts: Counts,
  ) {}

  /** Gifts without an answer that says what became of them. */
  get undecided(): ReadonlySet<AskedGift> {
    return this.#undecided;
  }

  get applied(): readonly AskedGift[] {
    return this.#applied;
  }

  /** A gift that nobody asked for yet; rarely under an id that is taken. */
  newGift(): AskedGift {
    const rival = this.gifts.length > 0 && this.random.chance(0.04) ? this.random.pick(this.gifts) : undefined;
    if (rival === undefined) return this.#add(drawGift(this.cast, this.random, this.newEventId()));
    const { eventId, viewerId, count } = rival.request;
    // Half of them the same viewer's, which is one event; else another's, who may use the id too.
    if (!this.random.chance(0.5)) {
      const request = drawGift(this.cast, this.random, eventId);
      return request.viewerId === viewerId || this.#contents.has(`${request.viewerId}/${eventId}`)
        ? rival
        : this.#add(request);
    }
    if (this.#contents.get(`${viewerId}/${eventId}`) !== 1) return rival;
    return this.#add({ ...rival.request, count: count === 1 ? 2 : 1 });
  }

  /** One that was asked for before: mostly one without an answer, else one whose answer must not change. */
  oldGift(): AskedGift | undefined {
    const kind = this.random.next();
    if (kind < 0.6) for (const gift of this.#undecided) if (gift.inFlight === 0) return gift;
    const from = kind < 0.8 && this.#refused.length > 0 ? this.#refused : this.gifts;
    return from.length === 0 ? undefined : this.random.pick(from);
  }

  giftAnswered(gift: AskedGift, answer: Answer): void {
    switch (answer.kind) {
      case 'unknown':
        this.counts.add('unknown answers');
        this.counts.add(`unknown: ${answer.why.replace(/\d+/g, 'N')}`);
        return;
      case 'wrong':
        if (answer.aboutTime === true && this.clocksMayBeOff) this.counts.add('refused by a clock that was off');
        else this.problem(answer.problem);
        return;
      case 'decided': {
        const { eventId, viewerId } = gift.request;
        this.counts.add('answers');
        if (answer.outcome === EventOutcome.INSUFFICIENT_BALANCE && answer.balance >= gift.coins)
          this.problem(`${eventId} of ${gift.coins} coins was refused with a balance of ${answer.balance}`);
        // Streamers can be in debt after a reversal; viewers get nothing that could be taken back.
        if (answer.outcome === EventOutcome.APPLIED && answer.balance < 0n && this.cast.viewers.includes(viewerId))
          this.problem(`${eventId} left viewer ${viewerId} with ${answer.balance}`);
        if (answer.outcome === EventOutcome.EVENT_ID_REUSED && this.#contents.get(`${viewerId}/${eventId}`) === 1)
          this.problem(`${eventId} of ${viewerId} has one content, and was called reused`);
        if (this.#undecided.delete(gift)) {
          if (answer.outcome === EventOutcome.INSUFFICIENT_BALANCE) this.#refused.push(gift);
          if (answer.outcome === EventOutcome.APPLIED) this.#applied.push(gift);
        } else this.counts.add('repeated answers');
        gift.intent.answers.push({
          eventId,
          outcome: answer.outcome,
          opUserBalance: answer.balance,
          duplicate: false,
          message: '',
        });
      }
    }
  }

  newRecharge(): AskedRecharge {
    const userId = this.random.pick(this.cast.viewers);
    const isPoor = this.cast.poor.has(userId);
    const eventId = this.newEventId();
    const order: station.ApplyOrderRequest = {
      eventId,
      userId,
      eventType: this.random.chance(0.5) ? EventType.ORDER_APPLE : EventType.ORDER_WX,
      orderId: BigInt(this.recharges.length + 1),
      outsideTransactionId: eventId,
      assetType: AssetType.COIN,
      amount: BigInt(isPoor ? this.random.integer(20, 200) : this.random.integer(1_000, 20_000)),
    };
    const recharge: AskedRecharge = { intent: { order, acknowledged: false }, inFlight: 0 };
    this.recharges.push(recharge);
    this.oracle.recharges.push(recharge.intent);
    return recharge;
  }

  /** A reversal of a gift that was applied; at times of one that has had one. Undefined while there is none. */
  newReversal(): AskedReversal | undefined {
    if (this.#applied.length === 0) return undefined;
    const earlier = this.random.chance(0.1) && this.reversals.length > 0 ? this.random.pick(this.reversals) : undefined;
    const { request } = this.random.pick(this.#applied);
    const reversal: AskedReversal = {
      intent: {
        request: {
          eventId: this.newEventId(),
          originalEventId: earlier?.intent.request.originalEventId ?? request.eventId,
          opUserId: earlier?.intent.request.opUserId ?? request.viewerId,
          amount: this.random.chance(0.5) ? 0n : 1n,
        },
        reversed: undefined,
        refused: false,
      },
      inFlight: 0,
    };
    this.reversals.push(reversal);
    this.oracle.reversals.push(reversal.intent);
    return reversal;
  }

  problem(text: string): void {
    if (this.problems.length < PROBLEMS_MAX) this.problems.push(text);
  }

  #add(request: interaction.SendGiftRequest): AskedGift {
    const event = expectedEvent(this.cast, request);
    const intent: Intent = { event, answers: [] };
    const gift: AskedGift = { request, intent, coins: -(event.opUserChange?.incr ?? 0n), inFlight: 0 };
    const key = `${request.viewerId}/${request.eventId}`;
    this.#contents.set(key, (this.#contents.get(key) ?? 0) + 1);
    this.gifts.push(gift);
    this.oracle.intents.push(intent);
    this.#undecided.add(gift);
    return gift;
  }
}
