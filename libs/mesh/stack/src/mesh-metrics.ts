import { ServingStatus, type HealthRegistry } from '@giftmesh/mesh-health';
import type { MetricsRegistry } from '@giftmesh/mesh-telemetry';
import type { PolicyState } from '@giftmesh/mesh-context';

/** States of policies by server or channel, then by policy. */
type States = Readonly<Record<string, Readonly<Record<string, PolicyState>>>>;

/** What a mesh shows of itself; asked at each look. */
export interface MeshView {
  /** Of all servers and channels. */
  states(): { readonly servers: States; readonly channels: States };
  /** Calls that each server has shed, by business priority. */
  sheds(): Iterable<readonly [server: string, byPriority: ReadonlyMap<number, number>]>;
  /** The health of each server's services. */
  health(): Iterable<HealthRegistry>;
}

/**
 * Shows what policies have in mind (numbers as they are, yes and no as 1 and 0, a word as 1 under the word), what servers have shed by
 * priority, and whether services serve. Throws TypeError when the registry has these metrics already.
 */
export function meshMetrics(metrics: MetricsRegistry, view: MeshView): void {
  const labels = ['group', 'policy', 'key'] as const;
  metrics.gauge({ name: 'mesh.policy.state', help: 'What a policy has in mind now.', labels }, (report) => {
    for (const [of, value] of values(view)) if (typeof value !== 'string') report(of, Number(value));
  });
  metrics.gauge(
    {
      name: 'mesh.policy.mode',
      help: 'What a policy has in mind now, where that is a word: 1 for the word that holds.',
      labels: [...labels, 'value'],
    },
    (report) => {
      for (const [of, value] of values(view)) if (typeof value === 'string') report([...of, value], 1);
    },
  );
  metrics.observedCounter(
    {
      name: 'mesh.admission.sheds',
      unit: '{call}',
      help: 'Calls that a server has shed, by business priority: a small one is important.',
      labels: ['server', 'priority'],
    },
    (report) => {
      for (const [server, byPriority] of view.sheds())
        for (const [priority, count] of byPriority) report([server, String(priority)], count);
    },
  );
  metrics.gauge(
    {
      name: 'mesh.service.serving',
      help: 'Whether a service of this process says that it serves (grpc.health.v1): 1 or 0.',
      labels: ['rpc.service'],
    },
    (report) => {
      for (const health of view.health())
        for (const [service, status] of health.statuses())
          if (service !== '') report([service], status === ServingStatus.SERVING ? 1 : 0);
    },
  );
}

function* values(view: MeshView): Generator<readonly [readonly string[], string | number | boolean]> {
  const { servers, channels } = view.states();
  for (const [side, groups] of [
    ['server', servers],
    ['channel', channels],
  ] as const)
    for (const [name, policies] of Object.entries(groups))
      for (const [policy, state] of Object.entries(policies))
        for (const [key, value] of Object.entries(state)) yield [[`${side} ${name}`, policy, key], value];
}
