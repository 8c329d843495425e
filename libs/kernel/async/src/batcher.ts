import { StatusCode, StatusError } from '@giftmesh/kernel-errors';

export interface BatcherOptions<I, O> {
  /** Does the work of a batch. Resolves to one output an input, in order; a rejection is the outcome of every input. */
  readonly run: (inputs: I[]) => Promise<readonly O[]>;
  /** The most inputs of one batch. At least 1; hundreds amortise an fsync or a round trip well. */
  readonly batchMax: number;
  /** The most batches under way. 1 gives the largest batches and keeps order. */
  readonly inFlightMax: number;
  /** The most inputs that wait. Beyond it `add` rejects with RESOURCE_EXHAUSTED. */
  readonly queueMax: number;
  /** How a batch waits for what else comes in the same turn: a clock's `defer`. Default the next microtask. */
  readonly defer?: (run: () => void) => void;
  /**
   * As many inputs as this leave in the middle of the turn, so that the batch is worked on while the rest of the turn goes on.
   * 1 to `batchMax`. Default `batchMax`.
   */
  readonly flushAt?: number;
}

interface Item<I, O> {
  readonly input: I;
  readonly onOutput: (output: O) => void;
  readonly onFailure: (reason: unknown) => void;
}

/**
 * Turns single calls into batches without waiting for them: an input leaves at once when nothing is under way, and
 * together with all that queued meanwhile otherwise ("group commit"). Inputs added in the same turn of the event loop
 * leave together, unless they are many.
 */
export class Batcher<I, O> {
  readonly #options: BatcherOptions<I, O>;
  readonly #defer: (run: () => void) => void;
  readonly #flushAt: number;
  #queue: Item<I, O>[] = [];
  #inFlight = 0;
  #flushPlanned = false;

  constructor(options: BatcherOptions<I, O>) {
    for (const name of ['batchMax', 'inFlightMax', 'queueMax'] as const) {
      if (!Number.isInteger(options[name]) || options[name] < 1)
        throw new RangeError(`${name} must be an integer of at least 1, is ${options[name]}`);
    }
    const flushAt = options.flushAt ?? options.batchMax;
    if (!Number.isInteger(flushAt) || flushAt < 1 || flushAt > options.batchMax)
      throw new RangeError(`flushAt must be an integer of 1 to batchMax ${options.batchMax}, is ${flushAt}`);
    this.#options = options;
    this.#defer = options.defer ?? queueMicrotask;
    this.#flushAt = flushAt;
  }

  /** Inputs that wait for a batch. */
  get queued(): number {
    return this.#queue.length;
  }

  /** Batches under way. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /** Adds one input and resolves to its output. */
  add(input: I): Promise<O> {
    return new Promise((resolve, reject) => this.put(input, resolve, reject));
  }

  /** {@link add} without a promise, for hot paths: calls one of the two, once. They must not throw. */
  put(input: I, onOutput: (output: O) => void, onFailure: (reason: unknown) => void): void {
    if (this.#queue.length >= this.#options.queueMax) {
      onFailure(
        new StatusError({
          code: StatusCode.RESOURCE_EXHAUSTED,
          reason: 'QUEUE_FULL',
          message: `more than ${this.#options.queueMax} calls wait`,
        }),
      );
      return;
    }
    this.#queue.push({ input, onOutput, onFailure });
    this.#planFlush();
  }

  #planFlush(): void {
    if (this.#inFlight >= this.#options.inFlightMax) return;
    if (this.#queue.length >= this.#flushAt) {
      this.#flush();
      return;
    }
    if (this.#flushPlanned) return;
    this.#flushPlanned = true;
    this.#defer(() => {
      this.#flushPlanned = false;
      while (this.#queue.length > 0 && this.#inFlight < this.#options.inFlightMax) this.#flush();
    });
  }

  #flush(): void {
    const batch = this.#queue.splice(0, this.#options.batchMax);
    this.#inFlight += 1;
    void this.#run(batch).finally(() => {
      this.#inFlight -= 1;
      if (this.#queue.length > 0) this.#planFlush();
    });
  }

  async #run(batch: Item<I, O>[]): Promise<void> {
    let outputs: readonly O[];
    try {
      outputs = await this.#options.run(batch.map((item) => item.input));
      if (outputs.length !== batch.length)
        throw new TypeError(`a batch of ${batch.length} gave ${outputs.length} outputs`);
    } catch (error) {
      for (const item of batch) item.onFailure(error);
      return;
    }
    batch.forEach((item, index) => item.onOutput(outputs[index] as O));
  }
}
