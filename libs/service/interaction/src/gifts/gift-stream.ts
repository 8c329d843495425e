import type { interaction } from '@giftmesh/contract';
import { StatusCode, StatusError } from '@giftmesh/kernel-errors';
import type { Clock } from '@giftmesh/kernel-time';
import type { InteractionOptions } from '../options';
import { refusal, refusalToProto, shuttingDown, type Refusal } from '../refusal';
import type { Carried } from './carried';
import type { GiftAnswer, GiftDesk } from './gift-desk';

type Output = IteratorResult<interaction.StreamGiftsResponse, undefined>;

export interface GiftStreamParts {
  readonly desk: GiftDesk;
  readonly clock: Clock;
  readonly options: Pick<InteractionOptions, 'streamMessageMax' | 'streamInFlightMax'>;
  readonly requests: AsyncIterable<interaction.StreamGiftsRequest>;
  /** What its call brings into the batches that pay its gifts. Default nothing. */
  readonly carried?: Carried | undefined;
  /** Called once when the stream has ended, however it did. */
  readonly onEnd: () => void;
}

/**
 * One StreamGifts call: reads gifts while fewer than `streamInFlightMax` are unanswered, and hands out answers as they are
 * decided, those of one turn of the event loop together. A gift that is refused is answered in its place and ends nothing.
 *
 * However the stream ends, gifts that were taken are answered first. Only the consumer's `return` gives their answers up.
 */
export class GiftStream implements AsyncIterableIterator<interaction.StreamGiftsResponse, undefined> {
  readonly #requests: AsyncIterator<interaction.StreamGiftsRequest, unknown>;
  #results: interaction.GiftResult[] = [];
  #undecided = 0;
  #reading: 'not yet' | 'yes' | 'no' = 'not yet';
  #failure: StatusError | undefined;
  #ended = false;
  #waiting: { resolve: (output: Output) => void; reject: (error: Error) => void } | undefined;
  #handOutPlanned = false;
  #onRoom: (() => void) | undefined;

  constructor(private readonly parts: GiftStreamParts) {
    this.#requests = parts.requests[Symbol.asyncIterator]();
  }

  /** Gifts that were read and whose answers were not yet taken. */
  get unanswered(): number {
    return this.#undecided + this.#results.length;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** The next answers. One call at a time. */
  next(): Promise<Output> {
    if (this.#waiting !== undefined) return Promise.reject(new TypeError('the stream is being read already'));
    if (this.#reading === 'not yet') {
      this.#reading = 'yes';
      void this.#read();
    }
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      this.#handOut();
    });
  }

  /** The consumer goes away: nothing more is read, answers that are under way are dropped. */
  return(): Promise<Output> {
    this.#stopReading();
    this.#results = [];
    this.#end();
    return Promise.resolve({ value: undefined, done: true });
  }

  /** Reads nothing more, and ends with UNAVAILABLE when all that was read is answered. */
  drain(): void {
    if (this.#reading === 'no') return;
    this.#fail(new StatusError(shuttingDown()));
  }

  async #read(): Promise<void> {
    try {
      while (this.#isReading()) {
        const message = await this.#requests.next();
        if (message.done === true || !this.#isReading()) break;
        const { gifts } = message.value;
        const wrong = this.#sizeProblem(gifts.length);
        if (wrong !== undefined) return this.#fail(new StatusError(wrong));
        while (this.unanswered + gifts.length > this.parts.options.streamInFlightMax && this.#isReading())
          await new Promise<void>((resolve) => (this.#onRoom = resolve));
        if (this.#isReading()) this.#take(gifts);
      }
      this.#reading = 'no';
    } catch (error) {
      this.#reading = 'no';
      this.#failure ??= error instanceof StatusError ? error : brokenStream(error);
    }
    this.#planHandOut();
  }

  #isReading(): boolean {
    return this.#reading === 'yes';
  }

  #sizeProblem(size: number): Refusal | undefined {
    const max = this.parts.options.streamMessageMax;
    if (size >= 1 && size <= max) return undefined;
    const description = `must have 1 to ${max} gifts, has ${size}`;
    return refusal('STREAM_MESSAGE_SIZE', StatusCode.INVALID_ARGUMENT, `gifts ${description}`, {
      fieldViolations: [{ field: 'gifts', description }],
    });
  }

  #take(gifts: readonly interaction.SendGiftRequest[]): void {
    const { desk, clock, carried } = this.parts;
    const nowMs = clock.nowMs();
    for (const gift of gifts) {
      const order = desk.check(gift, nowMs, carried);
      if (order.kind === 'refused') {
        this.#push(gift.eventId, order);
      } else {
        this.#undecided += 1;
        desk.submit(order, (answer) => {
          this.#undecided -= 1;
          this.#push(gift.eventId, answer);
        });
      }
    }
  }

  #push(eventId: string, answer: GiftAnswer): void {
    if (this.#ended) return;
    const result: interaction.GiftResult['result'] =
      answer.kind === 'ok'
        ? { $case: 'ok', value: answer.response }
        : { $case: 'error', value: refusalToProto(answer.refusal) };
    this.#results.push({ eventId, result });
    this.#planHandOut();
  }

  /** In a microtask of its own, so that all answers of one batch go out as one message. */
  #planHandOut(): void {
    if (this.#handOutPlanned || this.#waiting === undefined) return;
    this.#handOutPlanned = true;
    queueMicrotask(() => {
      this.#handOutPlanned = false;
      this.#handOut();
    });
  }

  #handOut(): void {
    const waiting = this.#waiting;
    if (waiting === undefined) return;
    const { streamMessageMax } = this.parts.options;
    if (this.#results.length > 0) {
      this.#waiting = undefined;
      const results =
        this.#results.length <= streamMessageMax ? this.#results.splice(0) : this.#results.splice(0, streamMessageMax);
      waiting.resolve({ value: { results }, done: false });
      this.#onRoom?.();
    } else if (this.#ended || (this.#reading === 'no' && this.#undecided === 0)) {
      this.#waiting = undefined;
      const failure = this.#failure;
      this.#failure = undefined;
      this.#end();
      if (failure === undefined) waiting.resolve({ value: undefined, done: true });
      else waiting.reject(failure);
    }
  }

  #fail(error: StatusError): void {
    this.#failure ??= error;
    this.#stopReading();
    this.#planHandOut();
  }

  #stopReading(): void {
    this.#reading = 'no';
    this.#onRoom?.();
    // The requests may be waiting for a message that never comes: they are told, not waited for.
    this.#requests.return?.().catch(() => undefined);
  }

  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#onRoom?.();
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.resolve({ value: undefined, done: true });
    this.parts.onEnd();
  }
}

function brokenStream(cause: unknown): StatusError {
  const message = cause instanceof Error ? cause.message : String(cause);
  return new StatusError({ code: StatusCode.CANCELLED, reason: 'CANCELLED', message, cause });
}
