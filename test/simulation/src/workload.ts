import { common, type station } from '@giftmesh/contract';
import { uuidV7Source } from '@giftmesh/kernel-ids';
import { AMOUNT_MAX, TEXT_BYTES_MAX } from '@giftmesh/domain-money';
import type { Random } from '@giftmesh/kernel-random';
import type { Cluster } from './cluster';
import type { Faults } from './faults';
import type { Intent, Oracle, RechargeIntent, ReversalIntent } from '@giftmesh/test-oracle';

const VIEWERS = [101n, 102n, 103n, 104n];
const STREAMERS = [201n, 202n];
const { AssetType, BizType, EventType } = common;
/** An event type that no version knows. */
const UNKNOWN_EVENT_TYPE = 99 as common.EventType;

/** Makes what clients want and sends it, as clients would: concurrently, again after no answer, at times twice or altered. */
export class Workload {
  #busy = 0;
  #orders = 0n;
  /** By everything in their events. */
  readonly #intents = new Map<string, Intent>();

  constructor(
    private readonly cluster: Cluster,
    private readonly oracle: Oracle,
    private readonly faults: Faults,
    private readonly random: Random,
  ) {}

  /** Calls that clients wait for. */
  get busy(): number {
    return this.#busy;
  }

  /** Everybody who may have an account. */
  get users(): readonly bigint[] {
    return [...VIEWERS, ...STREAMERS];
  }

  /** Does something a client might do. */
  act(): void {
    const kind = this.random.next();
    if (kind < 0.15) this.#recharge();
    else if (kind < 0.73) this.#newGifts();
    else if (kind < 0.75) this.#badGift();
    else if (kind < 0.95) this.#resend();
    else this.#reverse();
  }

  /** Sends everything that was never decided once more; resolves when all calls have ended. */
  async resendUndecided(): Promise<void> {
    const undecided = this.oracle.undecided();
    for (const intent of undecided) this.#send([intent]);
    for (const recharge of this.oracle.recharges) if (!recharge.acknowledged) this.#sendRecharge(recharge);
    for (const reversal of this.oracle.reversals)
      if (reversal.reversed === undefined && !reversal.refused) this.#sendReversal(reversal);
  }

  /** True when every client has its answer. */
  get satisfied(): boolean {
    return (
      this.#busy === 0 &&
      this.oracle.undecided().length === 0 &&
      this.oracle.recharges.every((recharge) => recharge.acknowledged) &&
      this.oracle.reversals.every((reversal) => reversal.refused || reversal.reversed !== undefined)
    );
  }

  #newGifts(): void {
    const count = this.random.chance(0.7) ? 1 : this.random.integer(2, 5);
    const intents = Array.from({ length: count }, () => this.#intent(this.#gift(this.#newId())));
    this.#send(intents);
    // The same event from two places at once.
    if (this.random.chance(0.1)) this.#send(intents);
  }

  /** What no station may decide, among gifts that are good. */
  #badGift(): void {
    this.faults.count('bad request');
    const good = this.#gift(this.#newId());
    const bad = this.random.pick<(event: common.AssetEvent) => common.AssetEvent>([
      (event) => ({ ...event, eventId: event.eventId.repeat(this.random.integer(2, 50)) }),
      (event) => ({ ...event, eventType: UNKNOWN_EVENT_TYPE }),
      (event) => ({ ...event, objId: 'x'.repeat(TEXT_BYTES_MAX + 1) }),
      (event) => ({ ...event, opUserChange: withIncr(event.opUserChange, -AMOUNT_MAX - 1n) }),
      (event) => ({
        ...event,
        toUserChanges: event.toUserChanges.map((change) => ({ ...change, incr: change.incr + 1n })),
      }),
    ])(this.#gift(this.#newId()));
    this.#send([this.#intent(good), this.#intent(bad)]);
  }

  #resend(): void {
    if (this.oracle.intents.length === 0) return;
    const intent = this.random.pick(this.oracle.intents);
    if (this.random.chance(0.15)) this.#send([this.#intent(this.#gift(intent.event.eventId, intent.event.opUserId))]);
    else this.#send([intent]);
  }

  #intent(event: common.AssetEvent): Intent {
    const key = Buffer.from(common.AssetEvent.encode(event).finish()).toString('latin1');
    const known = this.#intents.get(key);
    if (known !== undefined) return known;
    const intent: Intent = { event, answers: [] };
    this.#intents.set(key, intent);
    this.oracle.intents.push(intent);
    return intent;
  }

  #gift(eventId: string, payer = this.random.pick(this.random.chance(0.8) ? VIEWERS : STREAMERS)): common.AssetEvent {
    const price = BigInt(this.random.integer(1, 60));
    const recipients = STREAMERS.filter((streamer) => this.random.chance(0.6) || streamer === payer);
    const payees = recipients.length === 0 ? [STREAMERS[0] as bigint] : recipients;
    return {
      eventId,
      opUserId: payer,
      eventType: EventType.INTERACT_GIFT,
      bizId: 1n,
      bizType: BizType.LIVE,
      objId: '1',
      opUserChange: { userId: payer, assetType: AssetType.COIN, incr: -price * BigInt(payees.length) },
      toUserChanges: payees.map((userId) => ({ userId, assetType: AssetType.COIN, incr: price })),
      quantity: 1,
      comboKey: '',
    };
  }

  #newId(): string {
    const skewMs = this.random.integer(-30_000, 30_000);
    const clock = { ...this.cluster.clock, nowMs: () => this.cluster.clock.nowMs() + skewMs };
    return uuidV7Source(clock as never, this.random)();
  }

  #send(intents: readonly Intent[]): void {
    const events = intents.map(({ event }) => event);
    this.#track(async () => {
      const { results } = await this.cluster.callStation(({ handlers }) => handlers.changeAssets({ events }));
      results.forEach((result, index) => intents[index]?.answers.push(result));
    });
  }

  #recharge(): void {
    this.#orders += 1n;
    const order: station.ApplyOrderRequest = {
      eventId: this.#newId(),
      userId: this.random.pick(VIEWERS),
      eventType: EventType.ORDER_APPLE,
      orderId: this.#orders,
      outsideTransactionId: `order-${this.#orders}`,
      assetType: AssetType.COIN,
      amount: BigInt(this.random.integer(10, 300)),
    };
    const recharge: RechargeIntent = { order, acknowledged: false };
    this.oracle.recharges.push(recharge);
    this.#sendRecharge(recharge);
  }

  #sendRecharge(recharge: RechargeIntent): void {
    this.#track(async () => {
      await this.cluster.callStation(({ handlers }) => handlers.applyOrder(recharge.order));
      recharge.acknowledged = true;
    });
  }

  #reverse(): void {
    const applied = this.oracle.intents.filter((intent) =>
      intent.answers.some((answer) => answer.outcome === common.EventOutcome.APPLIED),
    );
    if (applied.length === 0) return;
    const { event } = this.random.pick(applied);
    const request = {
      eventId: this.#newId(),
      originalEventId: event.eventId,
      opUserId: event.opUserId,
      amount: this.random.chance(0.5) ? 0n : 1n,
    };
    const reversal: ReversalIntent = { request, reversed: undefined, refused: false };
    this.oracle.reversals.push(reversal);
    this.#sendReversal(reversal);
  }

  #sendReversal(reversal: ReversalIntent): void {
    this.#track(async () => {
      try {
        const answer = await this.cluster.callStation(({ handlers }) => handlers.reverseEvent(reversal.request));
        reversal.reversed = answer.reversed;
      } catch (error) {
        if ((error as { reason?: string }).reason === 'REVERSAL_REFUSED') reversal.refused = true;
        throw error;
      }
    });
  }

  #track(work: () => Promise<void>): void {
    this.#busy += 1;
    work()
      // No answer: the client does not know, and says so by sending again later.
      .catch(() => undefined)
      .finally(() => {
        this.#busy -= 1;
      });
  }
}

function withIncr(change: common.AssetChange | undefined, incr: bigint): common.AssetChange | undefined {
  return change && { ...change, incr };
}
