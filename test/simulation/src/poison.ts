import { LedgerRejectError, type DecidedEvent, type LedgerSlice } from '@giftmesh/domain-money';
import type { Random } from '@giftmesh/kernel-random';
import type { Faults } from './faults';

/** Events that no ledger takes while things go wrong, and every ledger afterwards: as if a newer version had come. */
export class PoisonedEvents {
  readonly #poisoned = new Map<string, boolean>();
  #healed = false;

  /** @param rate the share of events that are poison. */
  constructor(
    private readonly random: Random,
    private readonly rate: number,
    private readonly faults: Faults,
  ) {}

  /** From now on every event can be written. */
  heal(): void {
    this.#healed = true;
  }

  /** Throws {@link LedgerRejectError} for slices with poison in them. */
  checkSlices(slices: readonly LedgerSlice[]): void {
    for (const { entries } of slices)
      for (const entry of entries) if (entry.kind === 'event') this.check(entry.decided);
  }

  /** Throws {@link LedgerRejectError} for poison. */
  check({ event }: DecidedEvent): void {
    const key = `${event.opUserId}/${event.eventId}`;
    let isPoison = this.#poisoned.get(key);
    if (isPoison === undefined) {
      isPoison = !this.#healed && this.random.chance(this.rate);
      this.#poisoned.set(key, isPoison);
      if (isPoison) this.faults.count('poison event');
    }
    if (isPoison && !this.#healed) throw new LedgerRejectError(`event ${event.eventId} can't be written yet`);
  }
}
