import { common, type interaction } from '@giftmesh/contract';
import { checkOrder, comboIdOf, costOf, priceGift, type ComboTracker, type Gift } from '@giftmesh/domain-gifts';
import { Batcher } from '@giftmesh/kernel-async';
import { assertNever, StatusCode } from '@giftmesh/kernel-errors';
import { uuidV7TimeMs } from '@giftmesh/kernel-ids';
import { runOutsideCall } from '@giftmesh/mesh-context';
import { eventToProto } from '@giftmesh/wire-money';
import type { InteractionOptions } from '../options';
import type { InteractionPorts } from '../ports';
import { invalidFields, refusal, roomNotFound, shuttingDown, type Refusal } from '../refusal';
import { outcomeUnknown, refusalOfFailure, refusalOfResult } from './gift-outcomes';

/** An order that may be paid. */
export interface GoodOrder {
  readonly kind: 'good';
  readonly request: interaction.SendGiftRequest;
  readonly gift: Gift;
  readonly recipientIds: readonly bigint[];
}

/** An order that is not paid, and why. */
export interface RefusedOrder {
  readonly kind: 'refused';
  readonly refusal: Refusal;
}

/** How an order ended. */
export type GiftAnswer = { readonly kind: 'ok'; readonly response: interaction.SendGiftResponse } | RefusedOrder;

/** What the desk has done since it was opened. */
export interface GiftDeskStats {
  /** Gifts that took effect, repeated ones not counted. */
  readonly applied: number;
  readonly duplicates: number;
  /** Refusals by their reason. */
  readonly refused: Readonly<Record<string, number>>;
  /** Gifts that wait for a call to the station. */
  readonly queued: number;
  readonly batchesInFlight: number;
}

/**
 * Takes gift orders of all calls, checks and prices them, and has them paid: orders that come while calls to the station are
 * under way leave together with the next one. A call's failure is the failure of its own orders only.
 */
export class GiftDesk {
  readonly #batcher: Batcher<GoodOrder, GiftAnswer>;
  readonly #refused: Record<string, number> = {};
  #applied = 0;
  #duplicates = 0;
  #closed = false;

  constructor(
    private readonly ports: Pick<InteractionPorts, 'catalogue' | 'rooms' | 'clock' | 'payments'>,
    private readonly options: InteractionOptions,
    private readonly combos: ComboTracker,
  ) {
    this.#batcher = new Batcher({
      run: (orders) => this.#pay(orders),
      batchMax: options.batchMax,
      flushAt: options.batchFlushAt,
      inFlightMax: options.batchesInFlightMax,
      queueMax: options.giftsQueuedMax,
      // Requests of one read from a socket arrive one after the other in the same turn.
      defer: (run) => ports.clock.defer(run),
    });
  }

  /** Checks an order. @param nowMs Unix milliseconds. */
  check(request: interaction.SendGiftRequest, nowMs: number): GoodOrder | RefusedOrder {
    const { catalogue, rooms } = this.ports;
    const checked = checkOrder(request, { catalogue, rooms, window: this.options.window }, nowMs);
    switch (checked.kind) {
      case 'good':
        return { kind: 'good', request, gift: checked.gift, recipientIds: checked.recipientIds };
      case 'gift_not_found':
        return this.#refuse(refusal('GIFT_NOT_FOUND', StatusCode.NOT_FOUND, `there is no gift ${request.giftId}`));
      case 'room_not_found':
        return this.#refuse(roomNotFound(request.roomId));
      case 'invalid': {
        const isAhead = checked.problems.some(({ reason }) => reason === 'EVENT_ID_IN_FUTURE');
        return this.#refuse(invalidFields(checked.problems, isAhead ? { serverTimeMs: String(nowMs) } : {}));
      }
      default:
        return assertNever(checked);
    }
  }

  /** Has a good order paid, and gives the answer, once. A callback, not a promise: this runs for each gift of a stream. */
  submit(order: GoodOrder, onAnswer: (answer: GiftAnswer) => void): void {
    if (this.#closed) onAnswer(this.#refuse(shuttingDown()));
    else this.#batcher.put(order, onAnswer, () => onAnswer(this.#refuse(queueFull())));
  }

  /** Takes no more orders. Those taken are still decided. */
  close(): void {
    this.#closed = true;
  }

  stats(): GiftDeskStats {
    return {
      applied: this.#applied,
      duplicates: this.#duplicates,
      refused: { ...this.#refused },
      queued: this.#batcher.queued,
      batchesInFlight: this.#batcher.inFlight,
    };
  }

  /** Never rejects. */
  async #pay(orders: readonly GoodOrder[]): Promise<readonly GiftAnswer[]> {
    const events = orders.map(({ gift, request, recipientIds }) =>
      eventToProto(priceGift(gift, request, recipientIds)),
    );
    let results: readonly common.EventResult[];
    try {
      const options = { timeoutMs: this.options.paymentTimeoutMs };
      // Shared by many calls: neither the deadline nor the cancellation of whichever came first may end it.
      ({ results } = await runOutsideCall(() => this.ports.payments.changeAssets({ events }, options)));
    } catch (error) {
      const failed = refusalOfFailure(error);
      return orders.map(() => this.#refuse(failed));
    }
    const nowMs = this.ports.clock.nowMs();
    return orders.map((order, index) => this.#answer(order, results[index], nowMs));
  }

  #answer(order: GoodOrder, result: common.EventResult | undefined, nowMs: number): GiftAnswer {
    const { eventId, count } = order.request;
    if (result === undefined || result.eventId !== eventId)
      return this.#refuse(outcomeUnknown('the payment station answered something else'));
    if (result.outcome !== common.EventOutcome.APPLIED) return this.#refuse(refusalOfResult(result));
    if (result.duplicate) this.#duplicates += 1;
    else this.#applied += 1;
    return {
      kind: 'ok',
      response: {
        eventId,
        balance: result.opUserBalance,
        coins: costOf(order.gift, count, order.recipientIds.length),
        comboCount: this.#comboCount(order, result.duplicate, nowMs),
        duplicate: result.duplicate,
      },
    };
  }

  #comboCount({ request, gift, recipientIds }: GoodOrder, duplicate: boolean, nowMs: number): number {
    const windowMs = gift.comboWindowMs;
    if (request.comboKey === '' || windowMs === 0) return 0;
    const { eventId, viewerId } = request;
    // A repeated event that is unknown here and old belongs to a combo that is over: it must not begin a new one.
    if (duplicate && nowMs - uuidV7TimeMs(eventId) > windowMs) return this.combos.countOf(eventId, viewerId);
    return this.combos.add(comboIdOf(request, recipientIds), eventId, viewerId, request.count, windowMs);
  }

  #refuse(refused: Refusal): RefusedOrder {
    this.#refused[refused.reason] = (this.#refused[refused.reason] ?? 0) + 1;
    return { kind: 'refused', refusal: refused };
  }
}

function queueFull(): Refusal {
  return refusal('QUEUE_FULL', StatusCode.RESOURCE_EXHAUSTED, 'too many gifts wait to be decided', {
    retryDelayMs: 100,
  });
}
