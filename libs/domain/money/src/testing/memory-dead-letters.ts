import { checkDropNote, type ParkedInSlice } from '../dead-letters';
import type { DeadLetter, DropNote } from '../ports/ledger';

/** A dead letter that was given up, with who did it and why. */
export interface DroppedLetter extends DeadLetter {
  readonly note: DropNote;
  readonly droppedAtMs: number;
}

/** The dead letters of a `MemoryLedger`. */
export class MemoryDeadLetters {
  #letters: DeadLetter[] = [];
  readonly #dropped: DroppedLetter[] = [];
  #lastId = 0;

  get all(): readonly DeadLetter[] {
    return this.#letters;
  }

  get dropped(): readonly DroppedLetter[] {
    return this.#dropped;
  }

  park({ partition, record, fences }: ParkedInSlice, parkedAtMs: number): void {
    this.#letters.push({ ...record, partition, parkedAtMs, fences, id: (this.#lastId += 1) });
  }

  find(id: number): DeadLetter | undefined {
    return this.#letters.find((letter) => letter.id === id);
  }

  remove(id: number): void {
    this.#letters = this.#letters.filter((letter) => letter.id !== id);
  }

  drop(id: number, note: DropNote, droppedAtMs: number): boolean {
    checkDropNote(note);
    const letter = this.find(id);
    if (letter === undefined) return false;
    this.remove(id);
    this.#dropped.push({ ...letter, note, droppedAtMs });
    return true;
  }
}
