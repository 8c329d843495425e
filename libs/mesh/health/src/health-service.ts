import { StatusCode, StatusError } from '@giftmesh/kernel-errors';
import { currentCall, service, type Service } from '@giftmesh/mesh-context';
import { healthDefinition, type HealthCheckResponse } from './health-definition';
import type { HealthRegistry } from './health-registry';
import { ServingStatus } from './health-status';

/** The most services that List answers with; above, it fails with RESOURCE_EXHAUSTED as the protocol says. */
export const LIST_MAX = 100;

/** The service `grpc.health.v1.Health` over a registry. */
export function healthService(registry: HealthRegistry): Service {
  return service(healthDefinition(), {
    check: (request) => {
      const status = registry.status(request.service);
      if (status === ServingStatus.SERVICE_UNKNOWN) {
        throw new StatusError({
          code: StatusCode.NOT_FOUND,
          reason: 'SERVICE_UNKNOWN',
          message: `no service ${request.service}`,
        });
      }
      return { status };
    },
    list: () => {
      const statuses = registry.statuses();
      if (statuses.size > LIST_MAX) {
        throw new StatusError({
          code: StatusCode.RESOURCE_EXHAUSTED,
          reason: 'TOO_MANY_SERVICES',
          message: `more than ${LIST_MAX} services`,
        });
      }
      return { statuses: Object.fromEntries([...statuses].map(([name, status]) => [name, { status }])) };
    },
    watch: (request) => watchStatus(registry, request.service),
  });
}

/**
 * A slow watcher gets the newest status, not the history: between two reads only the last change is kept, so memory
 * stays the same however often a dependency flaps.
 */
async function* watchStatus(registry: HealthRegistry, name: string): AsyncIterable<HealthCheckResponse> {
  let pending: ServingStatus | undefined;
  let ended = false;
  let wake: () => void = () => undefined;
  const signal = currentCall()?.signal;
  const end = (): void => {
    ended = true;
    wake();
  };
  const stopWatch = registry.watch(name, (status) => {
    pending = status;
    wake();
  });
  const stopEnd = registry.onEndWatches(end);
  signal?.addEventListener('abort', end);
  try {
    for (;;) {
      if (pending !== undefined) {
        const status = pending;
        pending = undefined;
        yield { status };
      } else if (ended || signal?.aborted) return;
      else {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    }
  } finally {
    stopWatch();
    stopEnd();
    signal?.removeEventListener('abort', end);
  }
}
