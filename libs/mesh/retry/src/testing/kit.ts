import { StatusCode, StatusError, type StatusErrorOptions } from '@giftmesh/kernel-errors';
import { seededRandom } from '@giftmesh/kernel-random';
import { SimulatedClock } from '@giftmesh/kernel-time';
import { metadataOf, OutgoingCall, wrapCall, wrapStream, type Call, type ClientPolicy } from '@giftmesh/mesh-context';
import type { MethodPolicy } from '@giftmesh/mesh-policy';
import { PUSHBACK_TRAILER } from '../pushback';

/** A failure that passes: UNAVAILABLE, or what the options say. */
export const failure = (options: Partial<StatusErrorOptions> = {}): StatusError =>
  new StatusError({ code: StatusCode.UNAVAILABLE, reason: 'AWAY', message: 'away', ...options });

/** What a backend does with one try. `undefined` never answers. */
export interface Behaviour {
  readonly afterMs?: number;
  readonly error?: unknown;
  readonly pushback?: string;
  readonly answer?: unknown;
  readonly hang?: boolean;
}

/** How a call is not like the others. */
type CallLike = Partial<MethodPolicy> & { readonly method?: string };

/** Calls through policies, on a simulated clock, to a backend that behaves as it is told, try by try; the last behaviour goes on. */
export function bench(policiesOf: (clock: SimulatedClock) => ClientPolicy[], behaviours: readonly Behaviour[]) {
  const clock = new SimulatedClock();
  const tries: { atMs: number; call: OutgoingCall; previous: string | undefined }[] = [];
  const arrive = (call: OutgoingCall): Behaviour => {
    const behaviour = behaviours[Math.min(tries.length, behaviours.length - 1)] as Behaviour;
    tries.push({ atMs: clock.monotonicMs(), call, previous: call.metadata.get('grpc-previous-rpc-attempts') });
    return behaviour;
  };
  const serve = (behaviour: Behaviour, call: OutgoingCall): Promise<unknown> =>
    new Promise((resolve, reject) => {
      call.onCancel(reject);
      const end = (): void => {
        if (call.ended) return;
        const { error, pushback, answer } = behaviour;
        call.peer = 'backend:1';
        call.trailers = metadataOf(new Map(pushback === undefined ? [] : [[PUSHBACK_TRAILER, pushback]]));
        if (error === undefined) resolve(answer ?? 'answer');
        else reject(error);
      };
      if (behaviour.hang) return;
      if (behaviour.afterMs === undefined) end();
      else clock.schedule(behaviour.afterMs, end);
    });
  const policies = policiesOf(clock);
  const make = wrapCall(policies, (call) => serve(arrive(call), call));
  const makeStream = wrapStream(policies, async function* (call) {
    const behaviour = arrive(call);
    const { answer = [], ...end } = behaviour;
    for (const one of answer as unknown[]) yield one;
    if (end.error !== undefined || end.hang) await serve(end, call);
  });
  const newCall = (
    { method = '/shop.v1.Orders/Get', ...policy }: CallLike = {},
    timeoutMs = Infinity,
    parent?: Call,
  ): OutgoingCall =>
    new OutgoingCall({
      method,
      policy: {
        deadlineMs: undefined,
        priority: 0,
        idempotency: 'idempotent',
        requestStream: false,
        responseStream: false,
        ...policy,
      },
      clock,
      deadlineMs: clock.monotonicMs() + timeoutMs,
      parent,
    });
  return {
    clock,
    tries,
    newCall,
    make: (call: OutgoingCall) => make(call, {}),
    stream: (call: OutgoingCall) => makeStream(call, {}),
  };
}

/** How a promise ends: its value, or its error. */
export const endOf = (promise: Promise<unknown>): Promise<unknown> => promise.catch((error: unknown) => error);

/** Notes the words of decisions. */
export function words(): { readonly told: string[]; readonly onDecision: (policy: string, decision: string) => void } {
  const told: string[] = [];
  return { told, onDecision: (_policy, decision) => void told.push(decision) };
}

/** Always the same number. */
export const constantRandom = (value: number) => ({ ...seededRandom(1), next: () => value });
