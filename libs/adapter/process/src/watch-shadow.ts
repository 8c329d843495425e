import type { Logger } from 'pino';
import type { Clock } from '@giftmesh/kernel-time';
import { HealthRegistry, pollDependency } from '@giftmesh/mesh-health';

/**
 * Logs when what load tests work on begins to serve, and when it goes away. Nobody's health depends on it: who asks a service for its health
 * means the real one. Returns how to stop.
 * @param problem why the shadow can't serve, undefined while it can.
 */
export function watchShadow(logger: Logger, clock: Clock, problem: () => string | undefined): () => void {
  return pollDependency({
    registry: new HealthRegistry(),
    service: 'shadow',
    dependency: 'shadow',
    check: problem,
    clock,
    onChange: (what) => logger.info({ problem: what }, what === undefined ? 'the shadow serves' : 'the shadow is away'),
  });
}
