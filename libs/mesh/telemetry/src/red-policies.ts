import type { StatusError } from '@giftmesh/kernel-errors';
import { systemClock, type Clock } from '@giftmesh/kernel-time';
import { contextKey, type Call, type CallMetadata, type ClientPolicy, type ServerPolicy } from '@giftmesh/mesh-context';
import type { MetricsRegistry } from './metrics-registry';
import { RedMetrics } from './red-metrics';

/** Calls that are counted apart, so that nobody takes them for the others: those of load tests. */
export interface CountedApart {
  /** The label that says so: `true` or `false`. */
  readonly label: string;
  /** Asked when a call has ended. Must not throw. */
  isApart(call: Call): boolean;
  /** The same of a call that was refused when only its metadata was there. Must not throw. */
  isApartBy(metadata: CallMetadata): boolean;
}

export interface RedOptions {
  readonly registry: MetricsRegistry;
  /** Default the process's real time. */
  readonly clock?: Clock;
  /** The most methods that are told apart; calls of others count as `_OTHER`. Default 200. */
  readonly methodsMax?: number;
  /** Default none, and no label. */
  readonly apart?: CountedApart;
}

/** What the policies of both sides do. */
interface Observer {
  readonly name: string;
  readonly begin: (call: Call) => void;
  readonly end: (call: Call, error: StatusError | undefined) => void;
  readonly refused: (arrival: { readonly method: string; readonly metadata: CallMetadata }, error: StatusError) => void;
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

function observer(options: RedOptions, side: 'server' | 'client'): Observer {
  const { registry, clock = systemClock, methodsMax, apart } = options;
  const metrics = new RedMetrics(registry, side, methodsMax, apart?.label);
  const startKey = contextKey<number>('started');
  return {
    name: 'red',
    begin: (call) => {
      metrics.method(call.method).inFlight += 1;
      call.set(startKey, clock.monotonicMs());
    },
    end: (call, error) => {
      const startMs = call.get(startKey) ?? NaN;
      const isApart = apart?.isApart(call) ?? false;
      metrics.method(call.method).ended(error?.code ?? 0, clock.monotonicMs() - startMs, isApart);
    },
    refused: ({ method, metadata }, error) => {
      const seen = metrics.method(method);
      seen.inFlight += 1;
      seen.ended(error.code, 0, apart?.isApartBy(metadata) ?? false);
    },
    state: () => ({ inFlight: metrics.inFlight, methods: metrics.methods }),
  };
}
