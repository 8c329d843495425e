import type { PolicyState } from '@giftmesh/mesh-context';

/** What balancers know of one backend; a balancer tells only what it looks after. */
export interface BackendReport {
  /** Has a connection that calls may use. */
  readonly ready?: boolean;
  /** Latency, milliseconds (P2C-EWMA). */
  readonly ewmaMs?: number;
  /** Calls in hand. */
  readonly inFlight?: number;
  /** Share of calls that fail, from 0 to 1 (P2C-EWMA). */
  readonly failureShare?: number;
  /** What its health service says (health checking). */
  readonly health?: string;
}

/** A balancer that tells of its backends, by address. */
export type ReportSource = () => Iterable<readonly [string, BackendReport]>;

/** The most backends that a report holds. */
export const REPORTED_BACKENDS_MAX = 256;

/**
 * A window into the balancers of one channel: give it to them as an extra, ask it when you want to know. Without calls of `state`
 * it costs nothing.
 */
export class BalancerState {
  readonly #sources = new Set<ReportSource>();

  /** For balancers: adds a source. Returns how to take it away. */
  attach(source: ReportSource): () => void {
    this.#sources.add(source);
    return () => {
      this.#sources.delete(source);
    };
  }

  /** What is known now of each backend, by address; of the first `REPORTED_BACKENDS_MAX` of them. */
  backends(): ReadonlyMap<string, BackendReport> {
    const reports = new Map<string, BackendReport>();
    for (const source of this.#sources) {
      for (const [backend, report] of source()) {
        if (reports.has(backend) || reports.size < REPORTED_BACKENDS_MAX) {
          reports.set(backend, { ...reports.get(backend), ...report });
        }
      }
    }
    return reports;
  }

  /** The same as plain words and numbers: `{'127.0.0.1:50051 ewmaMs': 4.2, …}`. */
  state(): PolicyState {
    const entries: [string, string | number | boolean][] = [];
    for (const [backend, report] of this.backends()) {
      for (const [name, value] of Object.entries(report) as [string, string | number | boolean][]) {
        entries.push([`${backend} ${name}`, value]);
      }
    }
    return Object.fromEntries(entries);
  }
}
