import { StatusCode, statusName } from '@giftmesh/kernel-errors';
import { DURATION_BOUNDS_S, Histogram } from './histogram';
import { OTHER, type MetricPoint, type MetricsRegistry } from './metrics-registry';
import { methodName, RPC_METHOD, RPC_RESPONSE_STATUS_CODE } from './rpc-span';

/** The most methods that are told apart. */
export const METHODS_MAX = 200;

/** What is kept of a method. */
export class MethodMetrics {
  /** Calls under way. */
  inFlight = 0;
  /** Durations in seconds by status code, and behind those the ones of calls that are counted apart; made when the first call ends so. */
  readonly #byCode: (Histogram | undefined)[] = new Array<Histogram | undefined>(2 * CODES).fill(undefined);

  /** @param name `package.Service/Method`. */
  constructor(readonly name: string) {}

  /** A call has ended. A code that gRPC doesn't know (a peer may send any) counts as UNKNOWN. */
  ended(code: number, durationMs: number, isApart: boolean): void {
    this.inFlight -= 1;
    const known = code >= 0 && code < CODES ? code : StatusCode.UNKNOWN;
    const histogram = (this.#byCode[isApart ? CODES + known : known] ??= new Histogram(DURATION_BOUNDS_S));
    histogram.observe(durationMs / 1_000);
  }

  /** @param withApart whether points have a label that says if their calls are counted apart. */
  points(withApart: boolean): MetricPoint[] {
    return this.#byCode.flatMap((histogram, index) =>
      histogram === undefined
        ? []
        : [
            {
              labels: [this.name, statusName(index % CODES), ...(withApart ? [String(index >= CODES)] : [])],
              bounds: histogram.bounds,
              counts: [...histogram.counts],
              sum: histogram.sum,
              count: histogram.count,
            },
          ],
    );
  }
}

/** How many status codes there are, 0 included. */
const CODES = StatusCode.UNAUTHENTICATED + 1;

/**
 * Rate, errors and duration by method, for one side of a process's calls: the histogram of OpenTelemetry's conventions
 * (`rpc.server.call.duration`, whose `_count` by status code is the number of calls), and the calls in flight.
 */
export class RedMetrics {
  readonly #methods = new Map<string, MethodMetrics>();
  readonly #others = new MethodMetrics(OTHER);
  readonly #methodsMax: number;

  /** Throws TypeError when the registry has the metrics of this side already, RangeError for a bad limit. */
  constructor(registry: MetricsRegistry, side: 'server' | 'client', methodsMax = METHODS_MAX, apartLabel?: string) {
    if (!Number.isInteger(methodsMax) || methodsMax < 1) {
      throw new RangeError(`methodsMax must be an integer of at least 1, got ${methodsMax}`);
    }
    this.#methodsMax = methodsMax;
    registry.observedHistogram(
      {
        name: `rpc.${side}.call.duration`,
        unit: 's',
        help: side === 'server' ? 'Duration of incoming calls.' : 'Duration of outgoing calls.',
        labels: [RPC_METHOD, RPC_RESPONSE_STATUS_CODE, ...(apartLabel === undefined ? [] : [apartLabel])],
      },
      () => this.#all().flatMap((method) => method.points(apartLabel !== undefined)),
    );
    registry.gauge(
      {
        name: `rpc.${side}.active_calls`,
        unit: '{call}',
        help: side === 'server' ? 'Incoming calls under way.' : 'Outgoing calls under way.',
        labels: [RPC_METHOD],
      },
      (report) => {
        for (const { name, inFlight } of this.#all()) report([name], inFlight);
      },
    );
  }

  /** The metrics of a method's path; `_OTHER`'s when there are too many methods. */
  method(path: string): MethodMetrics {
    const known = this.#methods.get(path);
    if (known !== undefined) return known;
    if (this.#methods.size >= this.#methodsMax) return this.#others;
    const made = new MethodMetrics(methodName(path));
    this.#methods.set(path, made);
    return made;
  }

  get inFlight(): number {
    return this.#all().reduce((sum, { inFlight }) => sum + inFlight, 0);
  }

  get methods(): number {
    return this.#methods.size;
  }

  #all(): MethodMetrics[] {
    const full = this.#methods.size >= this.#methodsMax;
    return full ? [...this.#methods.values(), this.#others] : [...this.#methods.values()];
  }
}
