import { StatusCode, type StatusError } from '@giftmesh/kernel-errors';
import { SimulatedClock } from '@giftmesh/kernel-time';
import { undeclaredPolicy } from '@giftmesh/mesh-policy';
import { Call, callCancelled, type CallOptions } from './call';
import { CallContext } from './call-context';
import { contextKey } from './context-key';
import { DrainNotice } from './drain-notice';

const clock = new SimulatedClock();
const options: CallOptions = {
  method: '/a.B/C',
  policy: undeclaredPolicy({ requestStream: false, responseStream: false }),
  clock,
};
const reason = callCancelled('/a.B/C');

describe('Call', () => {
  it('counts down to its deadline and stops at 0', () => {
    const call = new Call({ ...options, deadlineMs: clock.monotonicMs() + 10 });
    expect(call.remainingMs()).toBe(10);
    clock.advance(4);
    expect(call.remainingMs()).toBe(6);
    clock.advance(100);
    expect(call.remainingMs()).toBe(0);
    expect(new Call(options).remainingMs()).toBe(Infinity);
  });

  it('is cancelled once, tells listeners and the signal, with the first reason', () => {
    const call = new Call(options);
    const told: StatusError[] = [];
    call.onCancel((why) => told.push(why));
    const { signal } = call;
    expect([call.ended, call.cancelled, signal.aborted]).toEqual([false, false, false]);
    call.cancel(reason);
    call.expire();
    expect(told).toEqual([reason]);
    expect([call.ended, call.cancelled, signal.aborted, signal.reason]).toEqual([true, true, true, reason]);
  });

  it('tells those who come late: the listener at once, the signal already aborted', () => {
    const call = new Call(options);
    call.expire();
    const told: StatusError[] = [];
    call.onCancel((why) => told.push(why));
    expect(told.map(({ code }) => code)).toEqual([StatusCode.DEADLINE_EXCEEDED]);
    expect(call.signal.aborted).toBe(true);
  });

  it('cannot be cancelled any more once it was answered', () => {
    const call = new Call(options);
    const told: unknown[] = [];
    call.onCancel((why) => told.push(why));
    call.finish();
    call.cancel(reason);
    call.onCancel((why) => told.push(why));
    expect([told, call.signal.aborted, call.cancelReason, call.ended]).toEqual([[], false, undefined, true]);
  });

  it('stays cancelled when it is finished afterwards', () => {
    const call = new Call(options);
    call.cancel(reason);
    call.finish();
    expect(call.cancelReason).toBe(reason);
  });

  it('forgets a listener that was taken back', () => {
    const call = new Call(options);
    const told: unknown[] = [];
    call.onCancel((why) => told.push(why))();
    call.cancel(reason);
    expect(told).toEqual([]);
  });

  it('cancels its children, theirs too, and leaves alone those that were answered', () => {
    const parent = new Call(options);
    const child = new Call({ ...options, parent });
    const grandchild = new Call({ ...options, parent: child });
    const answered = new Call({ ...options, parent });
    answered.finish();
    parent.cancel(reason);
    expect([child.cancelReason, grandchild.cancelReason, answered.cancelReason]).toEqual([reason, reason, undefined]);
  });

  it('is not cancelled by its children', () => {
    const parent = new Call(options);
    new Call({ ...options, parent }).cancel(reason);
    expect(parent.cancelled).toBe(false);
  });

  it('is born cancelled under a cancelled parent', () => {
    const parent = new Call(options);
    parent.cancel(reason);
    expect(new Call({ ...options, parent }).cancelReason).toBe(reason);
    const context = new CallContext({ ...options, parent });
    expect([context.cancelReason, context.signal.aborted, context.draining.aborted]).toEqual([reason, true, false]);
  });

  it('keeps values by key, and shows those of the calls above', () => {
    const priority = contextKey<number>('priority');
    const lane = contextKey<string>('lane');
    const parent = new Call(options);
    const child = new Call({ ...options, parent });
    parent.set(priority, 10);
    child.set(lane, 'blue');
    expect([child.get(priority), child.get(lane), parent.get(lane)]).toEqual([10, 'blue', undefined]);
    child.set(priority, 20);
    expect([child.get(priority), parent.get(priority)]).toEqual([20, 10]);
    expect(child.get(contextKey<number>('priority'))).toBeUndefined();
  });
});

describe('CallContext', () => {
  it('has no metadata and no trailers of its own, and drains never, by default', () => {
    const context = new CallContext(options);
    expect([context.metadata.get('x'), context.trailers.size, context.draining.aborted]).toEqual([undefined, 0, false]);
  });

  it('is told of a drain through a signal of its own, until it ends', () => {
    const drainNotice = new DrainNotice();
    const [open, answered, late] = [1, 2, 3].map(() => new CallContext({ ...options, drainNotice }));
    const signals = [open?.draining, answered?.draining];
    expect(signals[0]).toBe(open?.draining);
    expect(signals[0]).not.toBe(signals[1]);
    answered?.finish();
    drainNotice.announce();
    drainNotice.announce();
    expect(signals.map((signal) => signal?.aborted)).toEqual([true, false]);
    expect(late?.draining.aborted).toBe(true);
  });

  it('keeps the last trailer of a name', () => {
    const context = new CallContext(options);
    context.setTrailer('level', '1');
    context.setTrailer('level', '2');
    expect([...context.trailers]).toEqual([['level', '2']]);
  });
});
