import { cacheMetrics, type MetricsSink } from '@giftmesh/mesh-cache';
import type { InteractionService } from './interaction-service';

/** Shows how rankings are read: `cache.requests` by outcome, `cache.failures`, `cache.entries`, each of the cache `name`. */
export function observeRankings(
  service: Pick<InteractionService, 'stats'>,
  metrics: MetricsSink,
  name = 'rankings',
): void {
  cacheMetrics(metrics, name, () => service.stats().rankings);
}
