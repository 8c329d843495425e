import type { WaitingOrder } from './admission-decider';
import type { Priority } from './priority';

interface Node<T> {
  readonly value: T;
  readonly priority: Priority;
  /** Neighbours in the order of arrival. */
  older: Node<T> | undefined;
  newer: Node<T> | undefined;
  removed: boolean;
}

/** Takes an entry out of the list; false when it was out already. */
export type Leave = () => boolean;

/**
 * Entries that wait, taken by age or by priority. Adding and taking out are O(1) but for the search among the distinct
 * priorities. The owner bounds its size.
 */
export class WaitingList<T> {
  readonly #byPriority = new Map<Priority, Node<T>[]>();
  /** The distinct priorities that wait, the most important last. */
  readonly #priorities: Priority[] = [];
  #oldest: Node<T> | undefined;
  #newest: Node<T> | undefined;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(value: T, priority: Priority): Leave {
    const node: Node<T> = { value, priority, older: this.#newest, newer: undefined, removed: false };
    if (this.#newest === undefined) this.#oldest = node;
    else this.#newest.newer = node;
    this.#newest = node;
    this.#size += 1;
    const same = this.#byPriority.get(priority);
    if (same === undefined) {
      this.#byPriority.set(priority, [node]);
      this.#priorities.splice(this.#placeOf(priority), 0, priority);
    } else same.push(node);
    return () => this.#remove(node);
  }

  /** Takes out the entry whose turn it is, undefined when nobody waits. */
  take(order: WaitingOrder): T | undefined {
    const node = this.#next(order);
    if (node === undefined) return undefined;
    this.#remove(node);
    return node.value;
  }

  /** Takes out the newest of the least important, if it is less important than `priority`. */
  displace(priority: Priority): T | undefined {
    const least = this.#priorities[0];
    if (least === undefined || least <= priority) return undefined;
    const node = (this.#byPriority.get(least) as Node<T>[]).at(-1) as Node<T>;
    this.#remove(node);
    return node.value;
  }

  #next(order: WaitingOrder): Node<T> | undefined {
    if (order === 'first-in') return this.#oldest;
    if (order === 'last-in') return this.#newest;
    const first = this.#priorities.at(-1);
    return first === undefined ? undefined : this.#byPriority.get(first)?.[0];
  }

  /** Where a priority stands among those that wait, or would. */
  #placeOf(priority: Priority): number {
    let low = 0;
    let high = this.#priorities.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#priorities[middle] as Priority) > priority) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #remove(node: Node<T>): boolean {
    if (node.removed) return false;
    node.removed = true;
    this.#size -= 1;
    if (node.older === undefined) this.#oldest = node.newer;
    else node.older.newer = node.newer;
    if (node.newer === undefined) this.#newest = node.older;
    else node.newer.older = node.older;
    const same = this.#byPriority.get(node.priority) as Node<T>[];
    same.splice(same.indexOf(node), 1);
    if (same.length === 0) {
      this.#byPriority.delete(node.priority);
      this.#priorities.splice(this.#placeOf(node.priority), 1);
    }
    return true;
  }
}
