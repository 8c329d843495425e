import type { interaction } from '@giftmesh/contract';
import { StatusError } from '@giftmesh/kernel-errors';
import type { Clock } from '@giftmesh/kernel-time';
import { currentCall, deadlineExceeded, type CallContext } from '@giftmesh/mesh-context';
import { isStress } from '@giftmesh/mesh-lanes';
import { markNoRetry } from '@giftmesh/mesh-retry';
import { refuse, stressNotSupported } from '../refusal';
import { carriedBy } from './carried';
import type { GiftAnswer, GiftDesk } from './gift-desk';

/**
 * The handler of SendGift. A call that ends before its answer is ended by its host: the gift is decided all the same, and a
 * retry gets its answer.
 */
export function sendGiftHandler(desk: GiftDesk, clock: Clock, shadow = false) {
  return (request: interaction.SendGiftRequest): Promise<interaction.SendGiftResponse> =>
    new Promise((resolve, reject) => {
      const call = currentCall();
      refuseIfOver(call);
      if (!shadow) refuseIfStress(call);
      const order = desk.check(request, clock.nowMs(), carriedBy(call));
      const answer = (given: GiftAnswer): void => {
        if (given.kind === 'ok') return resolve(given.response);
        if (given.noRetry === true && call !== undefined) markNoRetry(call);
        reject(new StatusError(given.refusal));
      };
      if (order.kind === 'good') desk.submit(order, answer);
      else answer(order);
    });
}

/** Throws when the caller does not wait any more: no work is done for nobody. */
export function refuseIfOver(call: CallContext | undefined): void {
  if (call === undefined) return;
  if (call.cancelReason !== undefined) throw call.cancelReason;
  if (call.remainingMs() <= 0) throw deadlineExceeded(call.method);
}

/** Throws for a call of a load test: on real stores, its gift would cost real money. */
export function refuseIfStress(call: CallContext | undefined): void {
  if (call !== undefined && isStress(call)) refuse(stressNotSupported());
}
