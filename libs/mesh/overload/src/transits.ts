import { TransitDelay } from './transit-decider';

/** Callers whose clocks are known apart; when there are more, all begin anew. */
export const CALLERS_MAX = 1_000;

/** How long calls waited before they were seen, caller by caller, since each has a clock of its own. */
export class Transits {
  readonly #byCaller = new Map<string, TransitDelay>();

  /** @param peer `host:port` of the caller; connections from one host share a clock. */
  waitedMs(peer: string, transitMs: number, nowMs: number): number {
    const host = peer.slice(0, peer.lastIndexOf(':'));
    let transit = this.#byCaller.get(host);
    if (transit === undefined) {
      if (this.#byCaller.size >= CALLERS_MAX) this.#byCaller.clear();
      transit = new TransitDelay();
      this.#byCaller.set(host, transit);
    }
    return transit.observe(transitMs, nowMs);
  }
}
