import { seededRandom } from '@giftmesh/kernel-random';
import type { Clock } from '@giftmesh/kernel-time';
import { noDecisions } from '@giftmesh/mesh-context';
import { RetryBudgets } from '@giftmesh/mesh-retry';
import type { Behaviour } from './behaviour';
import { ClientStack } from './client-stack';
import { ServerStack } from './server-stack';

/**
 * Makes the policies of a behaviour and throws them away, so that what is wrong in it is found before there is a server or a channel
 * that would need it. Throws RangeError or TypeError.
 */
export function rehearse(behaviour: Behaviour, clock: Clock): void {
  const tools = { clock, random: seededRandom(1), onDecision: noDecisions };
  new ClientStack({
    ...tools,
    budgets: new RetryBudgets(),
    outermost: [],
    eachTry: [],
    behaviour: behaviour.client ?? {},
  });
  new ServerStack({ ...tools, edge: true, outermost: [], defaults: {}, behaviour: behaviour.server ?? {} }).stop();
}
