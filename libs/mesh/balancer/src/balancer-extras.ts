import { randomInt } from 'node:crypto';
import { experimental, type ChannelOptions } from '@grpc/grpc-js';
import { seededRandom, type Random } from '@giftmesh/kernel-random';
import { systemClock, type Clock } from '@giftmesh/kernel-time';
import type { BalancerState } from './balancer-state';
import type { BackendGate } from './gate/backend-gate';

/**
 * What a balancer decided, other than to send a call where it belongs:
 * - `refused`: the gate did not let a call to this backend; `shed`: nor to any other; `gate-threw`: it let it, by throwing.
 * - `no-key`: a call without key was spread at random; `bounded`: a key's backend was too busy, another took the call.
 * - `serving`, `not-serving`: a backend's health turned; `unimplemented`: it has no health service and counts as healthy;
 *   `watch-failed`: its health can't be watched, it counts as unhealthy until it can; `malformed`: it sent no health answer.
 */
export type BalancerDecision =
  | 'refused'
  | 'shed'
  | 'gate-threw'
  | 'no-key'
  | 'bounded'
  | 'serving'
  | 'not-serving'
  | 'unimplemented'
  | 'watch-failed'
  | 'malformed';

/**
 * Told of each decision; for counters. It is on the hot path and must not throw.
 * @param policy the policy's name in service config.
 * @param backend its address, undefined where none was chosen.
 */
export type OnBalancerDecision = (policy: string, decision: BalancerDecision, backend: string | undefined) => void;

/** What JSON can't carry to the balancers of a channel. */
export interface BalancerExtras {
  /** Asked before each call; see `BackendGate`. Default none: all calls pass. */
  readonly gate?: BackendGate;
  /** Where the balancers report what they have in mind. Default nowhere. */
  readonly state?: BalancerState;
  /** Default the process's real time. */
  readonly clock?: Clock;
  /** Default seeded by the system. */
  readonly random?: Random;
  /** Default nobody is told. */
  readonly onDecision?: OnBalancerDecision;
}

/**
 * The channel option that carries a BalancerExtras to the balancers: `channelOptions[BALANCER_EXTRAS_OPTION] = {gate}`. Its prefix makes
 * grpc-js keep it from connections, so that channels with different extras still share them.
 */
export const BALANCER_EXTRAS_OPTION = `${experimental.SUBCHANNEL_ARGS_EXCLUDE_KEY_PREFIX}.giftmesh.balancer`;

/** Extras with nothing left open. */
export interface FilledExtras {
  readonly gate: BackendGate | undefined;
  readonly state: BalancerState | undefined;
  readonly clock: Clock;
  readonly random: Random;
  readonly onDecision: OnBalancerDecision;
}

/** The extras among a channel's options, with defaults for those not given. */
export function extrasOf(options: ChannelOptions): FilledExtras {
  const extras = (options[BALANCER_EXTRAS_OPTION] ?? {}) as BalancerExtras;
  return {
    gate: extras.gate,
    state: extras.state,
    clock: extras.clock ?? systemClock,
    random: extras.random ?? seededRandom(randomInt(2 ** 31)),
    onDecision: extras.onDecision ?? (() => undefined),
  };
}
