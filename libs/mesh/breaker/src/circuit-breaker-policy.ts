import { StatusCode, StatusError, changed, integerWithin } from '@giftmesh/kernel-errors';
import type { Random } from '@giftmesh/kernel-random';
import { systemClock, type Clock } from '@giftmesh/kernel-time';
import {
  contextKey,
  noDecisions,
  type ClientPolicy,
  type OnDecision,
  type OutgoingCall,
  type PolicyState,
} from '@giftmesh/mesh-context';
import { keyOf, validKeyBy, type KeyBy } from './call-key';
import { DEFAULT_OUTCOME_RULES, outcomeOf, validOutcomeRules, type OutcomeRules } from './call-outcome';
import { CircuitBreakerDecider } from './circuit-breaker-decider';
import {
  circuitBreakerSettings,
  DEFAULT_CIRCUIT_BREAKER,
  type CircuitBreakerSettings,
} from './circuit-breaker-settings';
import { defaultRandom } from './default-random';
import { Keyed } from './keyed';

/** What can be changed while it runs. */
export interface CircuitBreakerOptions extends Partial<CircuitBreakerSettings>, Partial<OutcomeRules> {
  /** What has a circuit of its own. Default `service`: a service's methods fail together, and one alone may be too quiet to be judged. */
  readonly keyBy?: KeyBy;
  /** Circuits kept; the one that was not used for the longest time is forgotten. Default 1,000; range 1 to 100,000. */
  readonly keysMax?: number;
}

export interface CircuitBreakerPolicyOptions extends CircuitBreakerOptions {
  /** Default the process's real time. */
  readonly clock?: Clock;
  /** For jitter and shares. Default one that is seeded by chance. */
  readonly random?: Random;
  /** Told `refused`, and of each change of state: `opened`, `half-opened`, `closed`. Default nobody. */
  readonly onDecision?: OnDecision;
}

/** A breaker in front of outgoing calls. */
export interface CircuitBreakerPolicy extends ClientPolicy {
  /** Takes other options, those named only. Throws RangeError or TypeError with name and value, and changes nothing, when one is wrong. */
  readonly configure: (changes: CircuitBreakerOptions) => void;
  /** For each circuit: `<key>`: closed, open or half-open, `<key>.samples` and `<key>.errorRatio` in the window, `<key>.rampedShare` on the way back. */
  readonly state: () => PolicyState;
}

type Settings = Required<CircuitBreakerOptions>;

const DEFAULTS: Settings = { ...DEFAULT_CIRCUIT_BREAKER, ...DEFAULT_OUTCOME_RULES, keyBy: 'service', keysMax: 1_000 };

/** What a call that was let in hands back at its end. */
interface Ticket {
  readonly decider: CircuitBreakerDecider;
  readonly generation: number;
  readonly beganMs: number;
  readonly givenMs: number;
}

const NAME = 'breaker';
const CHANGES = { closed: 'closed', open: 'opened', 'half-open': 'half-opened' } as const;

/**
 * Stops calling what fails: refuses with UNAVAILABLE, reason CIRCUIT_OPEN and the time after which to come back, while a circuit is
 * open. Calls and streams alike. Belongs inside of retries, so that each try is judged. Its own refusals are no results.
 *
 * Throws RangeError or TypeError, with name and value, for options that are wrong.
 */
export function circuitBreakerPolicy(options: CircuitBreakerPolicyOptions = {}): CircuitBreakerPolicy {
  const { clock = systemClock, random = defaultRandom(), onDecision = noDecisions, ...changes } = options;
  const ticketKey = contextKey<Ticket>('breaker');
  let settings = validSettings(changes, DEFAULTS);
  const circuits = new Keyed(settings.keysMax, () => new CircuitBreakerDecider(settings, random));

  const tell = (before: number, decider: CircuitBreakerDecider, call: OutgoingCall): void => {
    if (decider.generation !== before) onDecision(NAME, CHANGES[decider.state.kind], call);
  };
  return {
    name: NAME,
    begin(call) {
      const nowMs = clock.monotonicMs();
      const key = keyOf(settings.keyBy, call);
      const decider = circuits.get(key);
      const before = decider.generation;
      const refusedForMs = decider.refusedForMs(nowMs);
      tell(before, decider, call);
      if (refusedForMs > 0) {
        onDecision(NAME, 'refused', call);
        throw circuitOpen(key, refusedForMs);
      }
      const givenMs = call.deadlineMs - nowMs;
      call.set(ticketKey, { decider, generation: decider.generation, beganMs: nowMs, givenMs });
    },
    end(call, error) {
      const ticket = call.get(ticketKey);
      if (ticket === undefined) return;
      const { decider, generation } = ticket;
      const nowMs = clock.monotonicMs();
      // How long a stream lasts is up to what it is for.
      const isStream = call.policy.requestStream || call.policy.responseStream;
      const before = decider.generation;
      const outcome = outcomeOf(settings, call, error, ticket.givenMs);
      decider.record(nowMs, generation, outcome, isStream ? 0 : nowMs - ticket.beganMs);
      tell(before, decider, call);
    },
    configure(more) {
      settings = validSettings(more, settings);
      circuits.setMax(settings.keysMax);
      for (const [, decider] of circuits.entries()) decider.configure(settings);
    },
    state: () => stateOf(circuits, clock.monotonicMs()),
  };
}

function validSettings(changes: CircuitBreakerOptions, base: Settings): Settings {
  const settings = changed(base, { ...changes });
  const { failureCodes, neutralReasons, shortDeadlineMs, keyBy, keysMax, ...circuit } = settings;
  validKeyBy(keyBy);
  integerWithin('keysMax', keysMax, 1, 100_000);
  validOutcomeRules({ failureCodes, neutralReasons, shortDeadlineMs });
  return { ...settings, ...circuitBreakerSettings(circuit) };
}

function circuitOpen(key: string, refusedForMs: number): StatusError {
  return new StatusError({
    code: StatusCode.UNAVAILABLE,
    reason: 'CIRCUIT_OPEN',
    message: `the circuit of ${key} is open`,
    retryDelayMs: Math.ceil(refusedForMs),
  });
}

function stateOf(circuits: Keyed<CircuitBreakerDecider>, nowMs: number): PolicyState {
  const state: Record<string, string | number | boolean> = { circuits: circuits.size };
  for (const [key, decider] of circuits.entries()) {
    const { samples, errorRatio } = decider.results(nowMs);
    state[key] = decider.state.kind;
    state[`${key}.samples`] = samples;
    state[`${key}.errorRatio`] = errorRatio;
    if (decider.state.kind === 'half-open') state[`${key}.rampedShare`] = decider.state.rampedShare;
  }
  return state;
}
