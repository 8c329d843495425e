import { common, type interaction } from '@giftmesh/contract';
import { checkOrder, comboIdOf, costOf, priceGift, type ComboTracker, type Gift } from '@giftmesh/domain-gifts';
import { Batcher } from '@giftmesh/kernel-async';
import { assertNever, StatusCode, StatusError } from '@giftmesh/kernel-errors';
import { uuidV7TimeMs } from '@giftmesh/kernel-ids';
import type { CallMarks } from '@giftmesh/mesh-lanes';
import { eventToProto } from '@giftmesh/wire-money';
import type { InteractionOptions } from '../options';
import type { InteractionPorts } from '../ports';
import { invalidFields, refusal, roomNotFound, shuttingDown, type Refusal } from '../refusal';
import { BatchCall } from './batch-call';
import { tracesOf, type Carried } from './carried';
import { outcomeUnknown, refusalOfFailure, refusalOfResult } from './gift-outcomes';
import { MarkedBatchers } from './marked-batchers';

/** An order that may be paid. */
export interface GoodOrder {
  readonly kind: 'good';
  readonly request: interaction.SendGiftRequest;
  readonly gift: Gift;
  readonly recipientIds: readonly bigint[];
  /** What it brings from its call into the batch that pays it. */
  readonly carried: Carried | undefined;
}

/** An order that is not paid, and why. */
export interface RefusedOrder {
  readonly kind: 'refused';
  readonly refusal: Refusal;
  /** True when the retries of a layer behind have failed already: those of the callers would only add to them. */
  readonly noRetry?: boolean;
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
 * under way leave together with the next one. A call's failure is the failure of its own orders only. Orders of different lanes
 * never leave together.
 */
export class GiftDesk {
  readonly #batchers: MarkedBatchers<GoodOrder, GiftAnswer>;
  readonly #refused: Record<string, number> = {};
  #applied = 0;
  #duplicates = 0;
  #closed = false;

  constructor(
    private readonly ports: Pick<InteractionPorts, 'catalogue' | 'rooms' | 'clock' | 'payments' | 'watchBatch'>,
    private readonly options: InteractionOptions,
    private readonly combos: ComboTracker,
  ) {
    this.#batchers = new MarkedBatchers(
      (marks) =>
        new Batcher({
          run: (orders) => this.#pay(orders, marks),
          batchMax: options.batchMax,
          flushAt: options.batchFlushAt,
          inFlightMax: options.batchesInFlightMax,
          queueMax: options.giftsQueuedMax,
          // Requests of one read from a socket arrive one after the other in the same turn.
          defer: (run) => ports.clock.defer(run),
        }),
    );
  }

  /** Checks an order. @param nowMs Unix milliseconds. @param carried what its call brings, for a good one. */
  check(request: interaction.SendGiftRequest, nowMs: number, carried?: Carried): GoodOrder | RefusedOrder {
    const { catalogue, rooms } = this.ports;
    const checked = checkOrder(request, { catalogue, rooms, window: this.options.window }, nowMs);
    switch (checked.kind) {
      case 'good':
        return { kind: 'good', request, gift: checked.gift, recipientIds: checked.recipientIds, carried };
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
    if (this.#closed) return onAnswer(this.#refuse(shuttingDown()));
    const onFull = (): void => onAnswer(this.#refuse(queueFull()));
    const batcher = this.#batchers.of(order.carried?.marks);
    if (batcher === undefined) onFull();
    else batcher.put(order, onAnswer, onFull);
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
      queued: this.#batchers.queued,
      batchesInFlight: this.#batchers.inFlight,
    };
  }

  /** Never rejects. */
  async #pay(orders: readonly GoodOrder[], marks: CallMarks | undefined): Promise<readonly GiftAnswer[]> {
    const events = orders.map(({ gift, request, recipientIds }) =>
      eventToProto(priceGift(gift, request, recipientIds)),
    );
    const batch = new BatchCall(this.ports.clock, marks);
    let results: readonly common.EventResult[];
    try {
      const change = () => this.ports.payments.changeAssets({ events }, { timeoutMs: this.options.paymentTimeoutMs });
      ({ results } = await batch.run(() => this.#watched(orders, change)));
    } catch (error) {
      const failed = refusalOfFailure(error);
      const noRetry = error instanceof StatusError && batch.isNotToBeRetried(error);
      return orders.map(() => ({ ...this.#refuse(failed), noRetry }));
    }
    const nowMs = this.ports.clock.nowMs();
    return orders.map((order, index) => this.#answer(order, results[index], nowMs));
  }

  #watched<T>(orders: readonly GoodOrder[], work: () => Promise<T>): Promise<T> {
    const { watchBatch } = this.ports;
    const traces = watchBatch === undefined ? undefined : tracesOf(orders);
    return watchBatch === undefined || traces === undefined ? work() : watchBatch(traces, work);
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
