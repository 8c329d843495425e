/** How one of a balancer's connections stands. The words are gRPC's. */
export type Connectivity = 'READY' | 'CONNECTING' | 'TRANSIENT_FAILURE' | 'IDLE';

/**
 * How a balancer stands over all its connections, as in round_robin: usable while one is READY; waiting while one is on its way;
 * failing when the rest has failed.
 */
export function aggregateState(states: Iterable<Connectivity>): Connectivity {
  const seen = new Set(states);
  if (seen.has('READY')) return 'READY';
  if (seen.has('CONNECTING')) return 'CONNECTING';
  return seen.has('TRANSIENT_FAILURE') ? 'TRANSIENT_FAILURE' : 'IDLE';
}
