import { currentCall, type Call } from '@giftmesh/mesh-context';
import { isStress } from './marks';

/**
 * What stands behind the name of a shadow. At the end, so that a Redis key keeps its hash tag (`{s042}:balance:7_shadow` is in the same
 * slot), and of characters that keys, Kafka topics and SQL identifiers all allow.
 */
export const SHADOW_SUFFIX = '_shadow';

/** The name of the shadow of a key, topic or table. That of a shadow is its own. */
export function shadowOf(name: string): string {
  return name.endsWith(SHADOW_SUFFIX) ? name : name + SHADOW_SUFFIX;
}

/** The name under which a call reads and writes: the shadow's for one that is part of a load test, the name itself for all others. */
export function shadow(name: string, call: Call | undefined = currentCall()): string {
  return isStress(call) ? shadowOf(name) : name;
}
