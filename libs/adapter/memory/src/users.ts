import type { UserEntry } from './user-entry';

/** Users looked at in one search for somebody to evict. */
const LOOKS_MAX = 4_096;

/** The users in place, and a hand that goes round them in search of idle ones (the CLOCK of page replacement). */
export class Users {
  readonly #byId = new Map<bigint, UserEntry>();
  #hand = this.#byId.values();
  #room = 0;

  /** Accounts in place. */
  get room(): number {
    return this.#room;
  }

  get(userId: bigint): UserEntry | undefined {
    return this.#byId.get(userId);
  }

  all(): Iterable<UserEntry> {
    return this.#byId.values();
  }

  add(entry: UserEntry): void {
    this.#byId.set(entry.userId, entry);
    this.#room += entry.room;
  }

  remove(entry: UserEntry): void {
    this.#byId.delete(entry.userId);
    this.#room -= entry.room;
  }

  /** Changes an entry in place; its room may grow by it. */
  change(entry: UserEntry, change: (entry: UserEntry) => void): void {
    const before = entry.room;
    change(entry);
    this.#room += entry.room - before;
  }

  /** Users for whom `isWanted` is true, at most `limit`: a bounded stretch of the way round, which the next call goes on with. */
  search(limit: number, isWanted: (entry: UserEntry) => boolean): UserEntry[] {
    const found: UserEntry[] = [];
    const looksMax = Math.min(this.#byId.size, Math.max(LOOKS_MAX, limit * 4));
    for (let looks = 0; looks < looksMax && found.length < limit; looks += 1) {
      let step = this.#hand.next();
      if (step.done === true) {
        this.#hand = this.#byId.values();
        step = this.#hand.next();
        if (step.done === true) break;
      }
      if (isWanted(step.value)) found.push(step.value);
    }
    return found;
  }
}
