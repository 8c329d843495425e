import { seededRandom } from '@giftmesh/kernel-random';
import type { ServerPolicy } from '@giftmesh/mesh-context';
import { admission, priorities } from '@giftmesh/mesh-overload';
import { createMeshServer, service, type MeshServer } from '@giftmesh/mesh-server';
import {
  MetricsRegistry,
  redServerPolicy,
  TraceIds,
  TraceSampler,
  tracingServerPolicy,
} from '@giftmesh/mesh-telemetry';
import { workDescriptors } from '../work-descriptors';
import { workService } from '../work-service';

const DEADLINE_MS = 10_000;
/** The part of the traces that is recorded. */
const SAMPLED = 0.01;

/** All policies of a service, outermost first. Where one is plugged in to be part of what `overhead` measures. */
export function fullStackPolicies(): ServerPolicy[] {
  const random = seededRandom(1);
  const given = priorities({ trust: true, random });
  return [
    tracingServerPolicy({ sampler: new TraceSampler({ ratio: SAMPLED }), ids: new TraceIds(random) }),
    redServerPolicy({ registry: new MetricsRegistry() }),
    given,
    admission({ priorities: given, trustReports: true, random }),
  ];
}

/** The server that suite `overhead` compares with a bare one: all that a service runs on, with handlers that do nothing. */
export function fullStack(): MeshServer {
  const echo = (request: Buffer): Buffer => request;
  return createMeshServer({
    services: [service(workService, { pay: echo, gift: echo, enter: echo, browse: echo })],
    descriptors: workDescriptors(DEADLINE_MS),
    errorDomain: 'bench',
    policies: fullStackPolicies(),
  });
}
