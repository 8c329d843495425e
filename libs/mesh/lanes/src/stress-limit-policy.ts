import { StatusCode, StatusError } from '@giftmesh/kernel-errors';
import { noDecisions, type OnDecision, type ServerPolicy } from '@giftmesh/mesh-context';
import { isStress } from './marks';

/** The name in decisions and state. */
const NAME = 'stress-limit';
/** When a refused call may come again, milliseconds. */
const RETRY_DELAY_MS = 200;

export interface StressLimitOptions {
  /** The most calls of load tests that a server works on at once, streams included; at least 1. */
  readonly callsMax: number;
  /** `refused`: one more came. Default: nobody is told. */
  readonly onDecision?: OnDecision;
}

/**
 * Lets so many calls of load tests in at once, and refuses more (RESOURCE_EXHAUSTED, STRESS_LIMIT): whatever a load test does, memory and
 * time are left for the others. Calls without the mark are not counted. To be placed behind what marks calls. Throws RangeError for a wrong limit.
 */
export function stressLimitPolicy({ callsMax, onDecision = noDecisions }: StressLimitOptions): ServerPolicy {
  if (!Number.isSafeInteger(callsMax) || callsMax < 1)
    throw new RangeError(`callsMax must be an integer of at least 1, is ${callsMax}`);
  let calls = 0;
  let refused = 0;
  return {
    name: NAME,
    begin: (call) => {
      if (!isStress(call)) return;
      if (calls >= callsMax) {
        refused += 1;
        onDecision(NAME, 'refused', call);
        throw new StatusError({
          code: StatusCode.RESOURCE_EXHAUSTED,
          reason: 'STRESS_LIMIT',
          message: `${callsMax} calls of load tests are under way, which is as many as there may be`,
          retryDelayMs: RETRY_DELAY_MS,
        });
      }
      calls += 1;
    },
    // When the handler has ended, not when the caller has gone: what it holds of the process is free then.
    done: (call) => {
      if (isStress(call)) calls -= 1;
    },
    state: () => ({ calls, callsMax, refused }),
  };
}
