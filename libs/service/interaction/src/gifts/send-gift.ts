import type { interaction } from '@giftmesh/contract';
import { StatusError } from '@giftmesh/kernel-errors';
import type { Clock } from '@giftmesh/kernel-time';
import { currentCall, deadlineExceeded, type CallContext } from '@giftmesh/mesh-context';
import type { GiftAnswer, GiftDesk } from './gift-desk';

/** The handler of SendGift. */
export function sendGiftHandler(desk: GiftDesk, clock: Clock) {
  return async (request: interaction.SendGiftRequest): Promise<interaction.SendGiftResponse> => {
    const call = currentCall();
    refuseIfOver(call);
    const order = desk.check(request, clock.nowMs());
    const answer = order.kind === 'good' ? await withinCall(desk.submit(order), call) : order;
    if (answer.kind === 'refused') throw new StatusError(answer.refusal);
    return answer.response;
  };
}

/** Throws when the caller does not wait any more: no work is done for nobody. */
export function refuseIfOver(call: CallContext | undefined): void {
  if (call === undefined) return;
  if (call.cancelReason !== undefined) throw call.cancelReason;
  if (call.remainingMs() <= 0) throw deadlineExceeded(call.method);
}

/** The answer, or the reason why the call ended before it. The gift is decided all the same, and a retry gets its answer. */
function withinCall(work: Promise<GiftAnswer>, call: CallContext | undefined): Promise<GiftAnswer> {
  if (call === undefined) return work;
  return new Promise((resolve, reject) => {
    const leave = call.onCancel(reject);
    void work.then((answer) => {
      leave();
      resolve(answer);
    });
  });
}
