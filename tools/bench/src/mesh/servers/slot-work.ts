import type { Work } from './work';

/**
 * Work that waits for `waitMs` in one of `slots` slots, as for a connection of a pool. Calls without a slot wait in order, however
 * long that takes and whether or not anybody still wants the answer, as in most pools.
 */
export function slotWork(slots: number, waitMs: number): Work {
  if (!(Number.isInteger(slots) && slots > 0)) throw new RangeError(`slots must be a positive integer, is ${slots}`);
  if (!(waitMs > 0)) throw new RangeError(`waitMs must be above 0, is ${waitMs}`);
  const queue = new Fifo<() => void>();
  let busy = 0;
  const occupy = (onDone: () => void): void => {
    busy += 1;
    setTimeout(() => {
      busy -= 1;
      queue.shift()?.();
      onDone();
    }, waitMs);
  };
  return () =>
    new Promise((resolve) => {
      if (busy < slots) occupy(resolve);
      else queue.push(() => occupy(resolve));
    });
}

/** A queue whose head is taken in constant time: under overload there are tens of thousands in it. */
class Fifo<T> {
  #incoming: T[] = [];
  #outgoing: T[] = [];

  push(value: T): void {
    this.#incoming.push(value);
  }

  shift(): T | undefined {
    if (this.#outgoing.length === 0) {
      this.#outgoing = this.#incoming.reverse();
      this.#incoming = [];
    }
    return this.#outgoing.pop();
  }
}
