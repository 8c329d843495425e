import { StatusCode, StatusError, changed, integerWithin, within } from '@giftmesh/kernel-errors';
import type { Random } from '@giftmesh/kernel-random';
import { systemClock, type Clock } from '@giftmesh/kernel-time';
import { contextKey, noDecisions, type ClientPolicy, type OnDecision, type PolicyState } from '@giftmesh/mesh-context';
import { AdaptiveThrottleDecider } from './adaptive-throttle-decider';
import {
  adaptiveThrottleSettings,
  DEFAULT_ADAPTIVE_THROTTLE,
  type AdaptiveThrottleSettings,
} from './adaptive-throttle-settings';
import { acceptanceOf } from './call-acceptance';
import { keyOf, validKeyBy, type KeyBy } from './call-key';
import { defaultRandom } from './default-random';
import { Keyed } from './keyed';

/** What can be changed while it runs. */
export interface AdaptiveThrottleOptions extends Partial<AdaptiveThrottleSettings> {
  /** What is counted apart. Default `service`. */
  readonly keyBy?: KeyBy;
  /** Keys kept; the one that was not used for the longest time is forgotten. Default 1,000; range 1 to 100,000. */
  readonly keysMax?: number;
  /** DEADLINE_EXCEEDED of a call that was given less time than this says nothing. Milliseconds, default 10; range 0 to 60,000. */
  readonly shortDeadlineMs?: number;
}

export interface AdaptiveThrottlePolicyOptions extends AdaptiveThrottleOptions {
  /** Default the process's real time. */
  readonly clock?: Clock;
  /** Decides which calls are refused. Default one that is seeded by chance. */
  readonly random?: Random;
  /** Told `throttled`. Default nobody. */
  readonly onDecision?: OnDecision;
}

/** A throttle in front of outgoing calls. */
export interface AdaptiveThrottlePolicy extends ClientPolicy {
  /** Takes other options, those named only. Throws RangeError or TypeError with name and value, and changes nothing, when one is wrong. */
  readonly configure: (changes: AdaptiveThrottleOptions) => void;
  /** For each key: `<key>.refusedShare`, `<key>.requests` and `<key>.accepts` in the window. */
  readonly state: () => PolicyState;
}

type Settings = Required<AdaptiveThrottleOptions>;

const DEFAULTS: Settings = { ...DEFAULT_ADAPTIVE_THROTTLE, keyBy: 'service', keysMax: 1_000, shortDeadlineMs: 10 };

/** What a call that was let out hands back at its end. */
interface Ticket {
  readonly decider: AdaptiveThrottleDecider;
  readonly givenMs: number;
}

const NAME = 'throttle';

/**
 * Refuses, with RESOURCE_EXHAUSTED and reason THROTTLED, the share of calls that an overloaded target would refuse anyway. Calls and
 * streams alike. Belongs inside of retries.
 *
 * Throws RangeError or TypeError, with name and value, for options that are wrong.
 */
export function adaptiveThrottlePolicy(options: AdaptiveThrottlePolicyOptions = {}): AdaptiveThrottlePolicy {
  const { clock = systemClock, random = defaultRandom(), onDecision = noDecisions, ...changes } = options;
  const ticketKey = contextKey<Ticket>('throttle');
  let settings = validSettings(changes, DEFAULTS);
  const throttles = new Keyed(settings.keysMax, () => new AdaptiveThrottleDecider(settings, random));
  return {
    name: NAME,
    begin(call) {
      const nowMs = clock.monotonicMs();
      const key = keyOf(settings.keyBy, call);
      const decider = throttles.get(key);
      if (!decider.admits(nowMs, call.policy.priority)) {
        onDecision(NAME, 'throttled', call);
        throw throttled(key);
      }
      call.set(ticketKey, { decider, givenMs: call.deadlineMs - nowMs });
    },
    end(call, error) {
      const ticket = call.get(ticketKey);
      if (ticket === undefined) return;
      const accepted = acceptanceOf(call, error, ticket.givenMs, settings.shortDeadlineMs);
      if (accepted !== undefined) ticket.decider.record(clock.monotonicMs(), accepted);
    },
    configure(more) {
      settings = validSettings(more, settings);
      throttles.setMax(settings.keysMax);
      for (const [, decider] of throttles.entries()) decider.configure(settings);
    },
    state: () => stateOf(throttles, clock.monotonicMs()),
  };
}

function validSettings(changes: AdaptiveThrottleOptions, base: Settings): Settings {
  const settings = changed(base, { ...changes });
  const { keyBy, keysMax, shortDeadlineMs, ...throttle } = settings;
  validKeyBy(keyBy);
  integerWithin('keysMax', keysMax, 1, 100_000);
  within('shortDeadlineMs', shortDeadlineMs, 0, 60_000);
  return { ...settings, ...adaptiveThrottleSettings(throttle) };
}

function throttled(key: string): StatusError {
  return new StatusError({
    code: StatusCode.RESOURCE_EXHAUSTED,
    reason: 'THROTTLED',
    message: `${key} refuses most of what it gets; this call was not sent`,
  });
}

function stateOf(throttles: Keyed<AdaptiveThrottleDecider>, nowMs: number): PolicyState {
  const state: Record<string, string | number | boolean> = { keys: throttles.size };
  for (const [key, decider] of throttles.entries()) {
    const { requests, accepts } = decider.counts(nowMs);
    state[`${key}.refusedShare`] = decider.refusedShare(nowMs, 0);
    state[`${key}.requests`] = requests;
    state[`${key}.accepts`] = accepts;
  }
  return state;
}
