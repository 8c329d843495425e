import type { Cancel, Clock } from '@giftmesh/kernel-time';
import type { EventLog, Ledger, LogEntry } from '@giftmesh/domain-money';

/** What the lag is taken from. */
export interface LogLagPorts {
  readonly clock: Clock;
  readonly log: Pick<EventLog<LogEntry>, 'endPositions'>;
  readonly ledger: Pick<Ledger, 'positions'>;
}

/** How often log and ledger are asked unless it is said otherwise, milliseconds. */
export const LAG_LOOK_EVERY_MS = 5_000;

/**
 * How many records stand in the whole log behind what the ledger has applied, by regular looks: the backlog of all DAs together, so each of
 * them tells the same, and one that is gone takes nothing with it.
 */
export class LogLag {
  #records: number | undefined;
  #closed = false;
  #cancel: Cancel | undefined;
  #looking: Promise<void> | undefined;

  constructor(
    private readonly ports: LogLagPorts,
    private readonly lookEveryMs = LAG_LOOK_EVERY_MS,
  ) {
    if (!Number.isSafeInteger(lookEveryMs) || lookEveryMs < 1)
      throw new RangeError(`lookEveryMs must be an integer of at least 1, is ${lookEveryMs}`);
  }

  /** Records at the last look; undefined before the first, and when log or ledger did not answer. */
  get records(): number | undefined {
    return this.#records;
  }

  start(): void {
    this.#looking = this.#look().finally(() => {
      if (!this.#closed) this.#cancel = this.ports.clock.schedule(this.lookEveryMs, () => this.start());
    });
  }

  /** Resolves when no look is under way any more. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#cancel?.();
    await this.#looking;
  }

  async #look(): Promise<void> {
    const { log, ledger } = this.ports;
    try {
      // The ledger first: so the end is never before what was applied.
      const applied = new Map((await ledger.positions()).map(({ partition, offset }) => [partition, offset]));
      const ends = await log.endPositions();
      this.#records = ends.reduce((sum, { partition, offset }) => sum + offset - (applied.get(partition) ?? 0), 0);
    } catch {
      // What is away is told elsewhere; an old number would say that all is well.
      this.#records = undefined;
    }
  }
}
