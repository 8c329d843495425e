import { statusName } from '@giftmesh/kernel-errors';
import { LatencyHistogram, type LatencySummary } from './latency-histogram';

/** What a load client saw over a stretch of time. A call is a gift where gifts travel in batches. */
export interface Measurement {
  /** Length of the stretch. */
  readonly seconds: number;
  /** Calls that ended OK. */
  readonly ok: number;
  /** Calls that ended otherwise. */
  readonly failed: number;
  /** Failed calls by the name of their gRPC status, with the reason where one came along. */
  readonly failuresByStatus: Readonly<Record<string, number>>;
  readonly okPerSecond: number;
  /** Of the calls that ended OK. */
  readonly latency: LatencySummary;
  /** CPU that the client itself took (user and system), microseconds per call. */
  readonly clientCpuUs: number;
}

/** Takes down how calls end. `take` starts the next stretch. */
export class Recorder {
  #histogram = new LatencyHistogram();
  #failures = new Map<string, number>();
  #failed = 0;
  #startedMs = performance.now();
  #startedCpu = process.cpuUsage();

  /** A call ended OK, `latencyMs` milliseconds after it began. */
  ok(latencyMs: number): void {
    this.#histogram.record(latencyMs);
  }

  /** A call ended with the gRPC status `code`. */
  failed(code: number, reason = ''): void {
    const name = reason === '' ? statusName(code) : `${statusName(code)} ${reason}`;
    this.#failed += 1;
    this.#failures.set(name, (this.#failures.get(name) ?? 0) + 1);
  }

  /** What was seen since the last time. */
  take(): Measurement {
    const nowMs = performance.now();
    const cpu = process.cpuUsage(this.#startedCpu);
    const seconds = (nowMs - this.#startedMs) / 1000;
    const ok = this.#histogram.count;
    const measurement: Measurement = {
      seconds,
      ok,
      failed: this.#failed,
      failuresByStatus: Object.fromEntries(this.#failures),
      okPerSecond: seconds > 0 ? ok / seconds : 0,
      latency: this.#histogram.summary(),
      clientCpuUs: (cpu.user + cpu.system) / Math.max(1, ok + this.#failed),
    };
    this.#histogram = new LatencyHistogram();
    this.#failures = new Map();
    this.#failed = 0;
    this.#startedMs = nowMs;
    this.#startedCpu = process.cpuUsage();
    return measurement;
  }
}
