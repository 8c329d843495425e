import type { StatusError } from '@giftmesh/kernel-errors';
import { systemClock, type Clock } from '@giftmesh/kernel-time';
import { contextKey, type Call, type ClientPolicy, type ServerPolicy } from '@giftmesh/mesh-context';
import type { MetricsRegistry } from './metrics-registry';
import { RedMetrics } from './red-metrics';

export interface RedOptions {
  readonly registry: MetricsRegistry;
  /** Default the process's real time. */
  readonly clock?: Clock;
  /** The most methods that are told apart; calls of others count as `_OTHER`. Default 200. */
  readonly methodsMax?: number;
}

/** What the policies of both sides do. */
interface Observer {
  readonly name: string;
  readonly begin: (call: Call) => void;
  readonly end: (call: Call, error: StatusError | undefined) => void;
  readonly refused: (arrival: { readonly method: string }, error: StatusError) => void;
  readonly state: () => { readonly inFlight: number; readonly methods: number };
}

/**
 * Counts and times incoming calls by method and status code. To be the first of a server's policies, so that calls which
 * others refuse are counted. Make one for a process: a registry takes the metrics of a side once.
 */
export function redServerPolicy(options: RedOptions): ServerPolicy {
  return observer(options, 'server');
}

/**
 * Counts and times outgoing calls by method and status code, one policy for all clients of a process. Outside of a retry it sees
 * calls, inside of it attempts.
 */
export function redClientPolicy(options: RedOptions): ClientPolicy {
  return observer(options, 'client');
}

function observer({ registry, clock = systemClock, methodsMax }: RedOptions, side: 'server' | 'client'): Observer {
  const metrics = new RedMetrics(registry, side, methodsMax);
  const startKey = contextKey<number>('started');
  return {
    name: 'red',
    begin: (call) => {
      metrics.method(call.method).inFlight += 1;
      call.set(startKey, clock.monotonicMs());
    },
    end: (call, error) => {
      const startMs = call.get(startKey) ?? NaN;
      metrics.method(call.method).ended(error?.code ?? 0, clock.monotonicMs() - startMs);
    },
    refused: ({ method }, error) => {
      const seen = metrics.method(method);
      seen.inFlight += 1;
      seen.ended(error.code, 0);
    },
    state: () => ({ inFlight: metrics.inFlight, methods: metrics.methods }),
  };
}
