/** Keeps the last characters of a text that comes in pieces. */
export class TextTail {
  #text = '';

  constructor(private readonly charactersMax: number) {
    if (!Number.isSafeInteger(charactersMax) || charactersMax < 1)
      throw new RangeError(`charactersMax must be a positive integer, is ${charactersMax}`);
  }

  add(piece: string): void {
    this.#text = (this.#text + piece).slice(-this.charactersMax);
  }

  get text(): string {
    return this.#text;
  }
}
