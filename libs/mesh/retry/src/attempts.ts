import { randomInt } from 'node:crypto';
import { StatusError } from '@giftmesh/kernel-errors';
import { seededRandom, type Random } from '@giftmesh/kernel-random';
import type { Cancel, Clock } from '@giftmesh/kernel-time';
import { contextKey, type OutgoingCall } from '@giftmesh/mesh-context';
import { parsePushback, PUSHBACK_TRAILER, type Pushback } from './pushback';

/** gRPC's header of tries after the first: how many there were before (gRFC A6). */
export const PREVIOUS_ATTEMPTS_HEADER = 'grpc-previous-rpc-attempts';

/** Holds the attempt itself: a call that is made further down while it runs is no attempt. */
const attemptKey = contextKey<OutgoingCall>('an attempt of a retry or hedging policy');

/** A try of a call; whoever asks for one finishes it. */
export function newAttempt(call: OutgoingCall, previous: number, timeoutMs = Infinity): OutgoingCall {
  const attempt = call.attempt(timeoutMs);
  if (previous > 0) attempt.setMetadata(PREVIOUS_ATTEMPTS_HEADER, String(previous));
  attempt.set(attemptKey, attempt);
  return attempt;
}

/** Whether a policy further out already repeats this call. */
export function isAttempt(call: OutgoingCall): boolean {
  return call.get(attemptKey) === call;
}

/** The call ended as its attempt did. */
export function takeEnd(call: OutgoingCall, attempt: OutgoingCall): void {
  call.trailers = attempt.trailers;
  call.peer = attempt.peer;
}

/** What the server of a failed attempt says about another one. */
export function pushbackOf(attempt: OutgoingCall): Pushback {
  return parsePushback(attempt.trailers?.get(PUSHBACK_TRAILER));
}

/** What failed a try, undefined for something that is no failed call but a bug. */
export function statusErrorOf(thrown: unknown): StatusError | undefined {
  return thrown instanceof StatusError ? thrown : undefined;
}

/** Resolves after `delayMs`, or rejects with the reason as soon as the call is cancelled. */
export function waitUnlessCancelled(clock: Clock, call: OutgoingCall, delayMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    let leave: Cancel = () => undefined;
    const cancelTimer = clock.schedule(delayMs, () => {
      leave();
      resolve();
    });
    leave = call.onCancel((reason) => {
      cancelTimer();
      reject(reason);
    });
  });
}

/** Random numbers of which each process has its own. */
export function freshRandom(): Random {
  return seededRandom(randomInt(2 ** 31));
}
