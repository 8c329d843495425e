import type { PolicyState } from '@giftmesh/mesh-context';

export interface TraceSamplerOptions {
  /** Share of the traces beginning here that are recorded, from 0 to 1. 0.01 is usual; 1 is for tests. */
  readonly ratio: number;
  /** Other shares by method (`/package.Service/Method`), for traces that begin with a call of it. Default none. */
  readonly methods?: Readonly<Record<string, number>>;
}

/**
 * Decides whether a trace that begins here is recorded, by its id: the share of ids whose lower 64 bits, as a fraction of
 * 2^64, are below the ratio. That is the rule of OpenTelemetry's TraceIdRatioBased in Go and Java, so that all who decide by
 * the same id with the same ratio agree, and a higher ratio records all that a lower one does.
 *
 * Traces that others began are theirs to decide (ParentBased): the flag travels. "Record what fails" can't be had this way:
 * whether a call fails is known when it is over and its first spans are gone. A collector that sees whole traces can (tail
 * sampling), and the metrics count every failure.
 */
export class TraceSampler {
  #ratio = 0;
  #methods: ReadonlyMap<string, number> | undefined;

  /** Throws RangeError for a share outside of 0 to 1, TypeError for a name that is no method's path. */
  constructor(options: TraceSamplerOptions) {
    this.configure(options);
  }

  /** Changes the shares for traces that begin from now on. Throws as the constructor does, and then keeps the old ones. */
  configure({ ratio, methods = {} }: TraceSamplerOptions): void {
    checkRatio('ratio', ratio);
    const entries = Object.entries(methods);
    for (const [method, share] of entries) {
      if (!method.startsWith('/'))
        throw new TypeError(`methods must be paths like /package.Service/Method, got ${method}`);
      checkRatio(`methods['${method}']`, share);
    }
    this.#ratio = ratio;
    this.#methods = entries.length === 0 ? undefined : new Map(entries);
  }

  /** @param low and `lowest` bits of the trace id, 32 each. */
  isSampled(method: string, low: number, lowest: number): boolean {
    const ratio = this.#methods?.get(method) ?? this.#ratio;
    // The rounded fraction may be 1, so that the whole is a case of its own.
    return ratio === 1 || (low * UINT32 + lowest) / UINT64 < ratio;
  }

  state(): PolicyState {
    return { ratio: this.#ratio, methods: this.#methods?.size ?? 0 };
  }
}

const UINT32 = 2 ** 32;
const UINT64 = 2 ** 64;

function checkRatio(name: string, value: number): void {
  if (typeof value !== 'number' || !(value >= 0 && value <= 1)) {
    throw new RangeError(`${name} must be from 0 to 1, got ${String(value)}`);
  }
}
