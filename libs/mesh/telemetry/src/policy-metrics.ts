import type { OnDecision, PolicyState } from '@giftmesh/mesh-context';
import type { Counter } from './histogram';
import type { MetricsRegistry } from './metrics-registry';
import { methodName, RPC_METHOD } from './rpc-span';

/** A listener for all policies of a process: counts their decisions by policy, decision and method. */
export function decisionCounter(registry: MetricsRegistry): OnDecision {
  const series = registry.counter({
    name: 'mesh.policy.decisions',
    unit: '{decision}',
    help: 'What policies decided, other than to let a call pass as it is.',
    labels: ['policy', 'decision', RPC_METHOD],
  });
  // By policy and decision, then by method; no text is put together for a decision that was there before. Bounded as the
  // series are: what is kept here beyond their limit is the one series for all others.
  const known = new Map<string, Map<string, Map<string, Counter>>>();
  let kept = 0;
  return (policy, decision, { method }) => {
    const counter = known.get(policy)?.get(decision)?.get(method);
    if (counter !== undefined) return counter.add();
    const made = series.with(policy, decision, methodName(method));
    made.add();
    if (kept >= KEPT_MAX) return;
    kept += 1;
    const byDecision = entry(known, policy, () => new Map<string, Map<string, Counter>>());
    entry(byDecision, decision, () => new Map<string, Counter>()).set(method, made);
  };
}

/** The most counters that are found without putting a text together. */
const KEPT_MAX = 1_000;

function entry<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}

/** A policy, or anything else that tells its state. */
export interface Stateful {
  readonly name: string;
  readonly state?: () => PolicyState;
}

/**
 * Shows what policies have in mind as gauges: numbers as they are, yes and no as 1 and 0, and a word as 1 under the word.
 * @param group what the policies belong to, `payment-station client` for one; policies of one name must be of different groups.
 */
export function policyStates(registry: MetricsRegistry, group: string, policies: readonly Stateful[]): void {
  const stateful = policies.filter((policy) => policy.state !== undefined);
  registry.gauge(
    {
      name: 'mesh.policy.state',
      help: 'What a policy has in mind now.',
      labels: ['group', 'policy', 'key'],
    },
    (report) => {
      for (const { name, state } of stateful)
        for (const [key, value] of Object.entries(state?.() ?? {}))
          if (typeof value !== 'string') report([group, name, key], Number(value));
    },
  );
  registry.gauge(
    {
      name: 'mesh.policy.mode',
      help: 'What a policy has in mind now, where that is a word: 1 for the word that holds.',
      labels: ['group', 'policy', 'key', 'value'],
    },
    (report) => {
      for (const { name, state } of stateful)
        for (const [key, value] of Object.entries(state?.() ?? {}))
          if (typeof value === 'string') report([group, name, key, value], 1);
    },
  );
}
