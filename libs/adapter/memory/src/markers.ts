import type { DecidedEvent, EventKey, Marker } from '@giftmesh/domain-money';
import { MarkerList, MarkerNode } from './marker-list';
import type { UserEntry } from './user-entry';

/** What is remembered of decisions: those in the outbox, which never go by themselves, and settled ones, which make room. */
export class Markers {
  readonly #outbox = new MarkerList();
  readonly #settled = new MarkerList();
  #asOf = 0;

  /** @param settledMax most settled markers. */
  constructor(private readonly settledMax: number) {}

  get outboxSize(): number {
    return this.#outbox.size;
  }

  /** A number that no user has had as `asOf`. */
  nextAsOf(): number {
    this.#asOf += 1;
    return this.#asOf;
  }

  /** Takes a new decision into the outbox. */
  remember(entry: UserEntry, marker: Marker, pending: DecidedEvent): void {
    const node = new MarkerNode(entry, marker, pending);
    entry.markers.set(marker.eventId, node);
    entry.pendingCount += 1;
    this.#outbox.add(node);
  }

  /** The ledger has the event: it leaves the outbox. Events that are not in it don't matter. */
  settle(entry: UserEntry | undefined, { eventId }: EventKey): void {
    const node = entry?.markers.get(eventId);
    if (node?.pending === undefined) return;
    this.#outbox.remove(node);
    node.pending = undefined;
    node.owner.pendingCount -= 1;
    this.#settled.add(node);
  }

  /** Adds what the ledger has of a user; what is known already stays as it is. */
  addSettled(entry: UserEntry, markers: readonly Marker[]): void {
    // Oldest first, as they leave.
    for (const marker of [...markers].sort((a, b) => (a.eventId < b.eventId ? -1 : 1))) {
      if (entry.markers.has(marker.eventId)) continue;
      const node = new MarkerNode(entry, marker, undefined);
      entry.markers.set(marker.eventId, node);
      this.#settled.add(node);
      if (marker.outcome !== 'applied') entry.noteRefusal(marker.eventId);
    }
  }

  /** Keeps settled markers below their limit; what is forgotten is asked about from then on. */
  makeRoom(): void {
    while (this.#settled.size > this.settledMax) {
      const node = this.#settled.oldest as MarkerNode;
      const { owner, marker } = node;
      this.#settled.remove(node);
      owner.markers.delete(marker.eventId);
      owner.askThrough(marker.eventId);
      owner.asOf = this.nextAsOf();
    }
  }

  /** Outbox entries for which `isWanted` is true, in the order of their decisions, at most `limit`. */
  pending(limit: number, isWanted: (decided: DecidedEvent) => boolean): DecidedEvent[] {
    const found: DecidedEvent[] = [];
    for (let node = this.#outbox.oldest; node !== undefined && found.length < limit; node = node.newer)
      if (node.pending !== undefined && isWanted(node.pending)) found.push(node.pending);
    return found;
  }

  /** Forgets all of a user. */
  forget(entry: UserEntry): void {
    for (const node of entry.markers.values()) (node.pending === undefined ? this.#settled : this.#outbox).remove(node);
  }
}
