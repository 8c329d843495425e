import type { Random } from '@giftmesh/kernel-random';

const UINT32 = 2 ** 32;

/**
 * Makes trace and span ids from a given randomness. It has the shape of an OpenTelemetry `IdGenerator`: given to the SDK as
 * well, a trace that is sampled keeps the id by which that was decided.
 *
 * **Danger:** two processes with generators of the same seed make the same ids. Seed it from the system's randomness.
 */
export class TraceIds {
  readonly #random: Random;
  #adopted: string | undefined;

  constructor(random: Random) {
    this.#random = random;
  }

  /** 32 random bits. */
  word(): number {
    return (this.#random.next() * UINT32) >>> 0;
  }

  /** A trace id whose lower half is given: 32 hexadecimal digits, never all 0. */
  traceIdOf(low: number, lowest: number): string {
    const high = this.word();
    const id = hex(high) + hex(this.word()) + hex(low) + hex(lowest);
    return id === ZERO_TRACE_ID ? `${id.slice(1)}1` : id;
  }

  /** What the OpenTelemetry SDK asks when a trace begins. */
  readonly generateTraceId = (): string => this.#adopted ?? this.traceIdOf(this.word(), this.word());

  /** 16 hexadecimal digits, never all 0. */
  readonly generateSpanId = (): string => {
    const id = hex(this.word()) + hex(this.word());
    return id === ZERO_SPAN_ID ? `${id.slice(1)}1` : id;
  };

  /** Runs `make`; a trace that begins in it gets this id, if the SDK has this generator. */
  adopt<T>(traceId: string, make: () => T): T {
    this.#adopted = traceId;
    try {
      return make();
    } finally {
      this.#adopted = undefined;
    }
  }
}

const ZERO_TRACE_ID = '0'.repeat(32);
const ZERO_SPAN_ID = '0'.repeat(16);

function hex(word: number): string {
  return (word + UINT32).toString(16).slice(1);
}
