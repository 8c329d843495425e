import { seededRandom } from '@giftmesh/kernel-random';
import { noDecisions, type ClientPolicy, type OnDecision } from '@giftmesh/mesh-context';
import { circuitBreakerPolicy } from '@giftmesh/mesh-breaker';
import {
  businessOf,
  compoundPriority,
  earlyShedding,
  priorityOf,
  priorityPropagation,
  setPriority,
} from '@giftmesh/mesh-overload';
import { hedgingPolicy, RetryBudgets, retryPolicy } from '@giftmesh/mesh-retry';
import { STACK_BREAKER, STACK_BUDGET } from '@giftmesh/mesh-stack';

/**
 * Named sets of client policies. `none`: deadlines alone. `shedding`: priorities, and early shedding by the level in trailers.
 * `retries`: retries (and hedges) on one budget. `full`: all of it, with circuit breaker and early shedding, as mesh-stack has them.
 */
export type ClientPolicySet = 'none' | 'shedding' | 'retries' | 'full';

/** What a set is made with. */
export interface ClientPolicyContext {
  readonly seed: number;
  readonly onDecision: OnDecision;
}

/** Makes a set, outermost first: each process has its own, because policies remember. */
export function clientPolicies(
  set: ClientPolicySet,
  hedges: boolean,
  { seed, onDecision }: ClientPolicyContext = { seed: 1, onDecision: noDecisions },
): ClientPolicy[] {
  switch (set) {
    case 'none':
      return [];
    case 'shedding':
      return [anyUser(seed), priorityPropagation(), earlyShedding({ onDecision })];
    case 'retries':
      return retries(seed, hedges, onDecision);
    case 'full':
      return [
        anyUser(seed),
        priorityPropagation(),
        ...retries(seed, hedges, onDecision),
        circuitBreakerPolicy({ ...STACK_BREAKER, onDecision }),
        earlyShedding({ onDecision }),
      ];
  }
}

/** How long an answer is awaited before a hedge goes out, milliseconds. */
const HEDGING_DELAY_MS = 100;

function retries(seed: number, hedges: boolean, onDecision: OnDecision): ClientPolicy[] {
  const budgets = new RetryBudgets(STACK_BUDGET);
  return [
    ...(hedges ? [hedgingPolicy({ budgets, hedgingDelayMs: HEDGING_DELAY_MS, onDecision })] : []),
    retryPolicy({ budgets, random: seededRandom(seed), onDecision }),
  ];
}

const USER_PRIORITIES = 128;

/** Calls that nobody made for a user, those of a generator, are spread over all user priorities, as the edge does it. */
function anyUser(seed: number): ClientPolicy {
  const random = seededRandom(seed);
  return {
    name: 'any-user',
    begin: (call) => {
      if (priorityOf(call) !== undefined) return;
      setPriority(call, compoundPriority(businessOf(call.policy), random.integer(0, USER_PRIORITIES - 1)));
    },
  };
}
