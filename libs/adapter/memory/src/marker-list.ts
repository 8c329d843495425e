import type { DecidedEvent, Marker } from '@giftmesh/domain-money';
import type { UserEntry } from './user-entry';

/** A decision that the store remembers. It stands in exactly one list: that of the outbox, or that of settled ones. */
export class MarkerNode {
  older: MarkerNode | undefined = undefined;
  newer: MarkerNode | undefined = undefined;

  constructor(
    readonly owner: UserEntry,
    readonly marker: Marker,
    /** The outbox entry, until the ledger has the event on record. */
    public pending: DecidedEvent | undefined,
  ) {}
}

/** A queue of nodes, linked through the nodes themselves: any of them can leave at once, and none leaves a hole. */
export class MarkerList {
  #oldest: MarkerNode | undefined;
  #newest: MarkerNode | undefined;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get oldest(): MarkerNode | undefined {
    return this.#oldest;
  }

  /** Puts a node behind all others. It must stand in no list. */
  add(node: MarkerNode): void {
    node.older = this.#newest;
    if (this.#newest === undefined) this.#oldest = node;
    else this.#newest.newer = node;
    this.#newest = node;
    this.#size += 1;
  }

  /** Takes a node out. It must stand in this list. */
  remove(node: MarkerNode): void {
    if (node.older === undefined) this.#oldest = node.newer;
    else node.older.newer = node.newer;
    if (node.newer === undefined) this.#newest = node.older;
    else node.newer.older = node.older;
    node.older = undefined;
    node.newer = undefined;
    this.#size -= 1;
  }
}
