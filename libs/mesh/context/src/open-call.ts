import type { Clock } from '@giftmesh/kernel-time';
import {
  DEADLINE_HEADER,
  incomingTimeout,
  outgoingTimeout,
  parseDeadlineStamp,
  QUEUEING_MS_MAX,
  RESERVE_MS,
} from '@giftmesh/mesh-deadline';
import type { MethodPolicy } from '@giftmesh/mesh-policy';
import { deadlineExceeded } from './call';
import { CallContext } from './call-context';
import type { Arrival } from './call-host';
import { currentCall } from './current-call';
import type { DrainNotice } from './drain-notice';
import { cancelReasonOf, OutgoingCall } from './outgoing-call';

export interface IncomingCallOptions {
  /** `/package.Service/Method`. */
  readonly method: string;
  readonly policy: MethodPolicy;
  readonly clock: Clock;
  /** The longest wait before this server that a deadline stamp is believed to show, milliseconds. Default 5,000; 0 ignores stamps. */
  readonly queueingMsMax?: number | undefined;
  readonly drainNotice?: DrainNotice | undefined;
}

/** Opens the context of a call that came in, and decides its deadline. A call that came too late is opened cancelled. */
export function openIncomingCall(options: IncomingCallOptions, arrival: Arrival): CallContext {
  const { method, policy, clock, drainNotice } = options;
  const callerTimeoutMs = arrival.timeoutMs ?? Infinity;
  const stampUnixMs =
    callerTimeoutMs === Infinity ? undefined : parseDeadlineStamp(arrival.metadata?.get(DEADLINE_HEADER));
  const nowUnixMs = stampUnixMs === undefined ? 0 : clock.nowMs();
  const timeoutMs = incomingTimeout({
    callerTimeoutMs,
    stampUnixMs,
    nowUnixMs,
    methodDeadlineMs: policy.deadlineMs ?? Infinity,
    queueingMsMax: options.queueingMsMax ?? QUEUEING_MS_MAX,
  });
  const context = new CallContext({
    method,
    policy,
    clock,
    deadlineMs: timeoutMs === Infinity ? Infinity : clock.monotonicMs() + timeoutMs,
    parent: arrival.parent,
    peer: arrival.peer,
    peerAltNames: arrival.peerAltNames,
    // The stamp and the timeout were one deadline when the call was sent.
    transitMs: stampUnixMs === undefined ? undefined : callerTimeoutMs - (stampUnixMs - nowUnixMs),
    drainNotice,
    metadata: arrival.metadata,
  });
  if (timeoutMs <= 0) context.expire();
  return context;
}

export interface OutgoingCallSettings {
  /** `/package.Service/Method`. */
  readonly method: string;
  readonly policy: MethodPolicy;
  readonly clock: Clock;
  /** What the code that calls asked for, milliseconds. Default Infinity. */
  readonly timeoutMs?: number | undefined;
  /** Cancels the call when it aborts. */
  readonly signal?: AbortSignal | undefined;
  /** Text metadata to send. */
  readonly metadata?: Readonly<Record<string, string>> | undefined;
  /** Milliseconds kept back from the current call's time for its own answer. Default 5. */
  readonly reserveMs?: number | undefined;
}

/**
 * Opens a call that the running code makes: as a part of the call that it serves, within what is left of that one's time. Throws
 * the StatusError of a call that has no time or was cancelled before it began.
 */
export function openOutgoingCall(settings: OutgoingCallSettings): OutgoingCall {
  const { method, policy, clock, signal, metadata } = settings;
  const serving = currentCall();
  // Work that goes on after the answer is not limited by a deadline that was kept.
  const parent = serving?.ended === true && !serving.cancelled ? undefined : serving;
  const timeoutMs = outgoingTimeout({
    ownTimeoutMs: settings.timeoutMs ?? Infinity,
    methodDeadlineMs: policy.deadlineMs ?? Infinity,
    callerRemainingMs: parent?.remainingMs() ?? Infinity,
    reserveMs: settings.reserveMs ?? RESERVE_MS,
  });
  if (parent?.cancelReason !== undefined) throw parent.cancelReason;
  if (signal?.aborted) throw cancelReasonOf(signal, method);
  if (timeoutMs <= 0) throw deadlineExceeded(method);
  const deadlineMs = timeoutMs === Infinity ? Infinity : clock.monotonicMs() + timeoutMs;
  const call = new OutgoingCall({ method, policy, clock, deadlineMs, parent, metadata });
  if (signal !== undefined) call.cancelWith(signal);
  return call;
}
