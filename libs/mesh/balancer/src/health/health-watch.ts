import { Metadata, status as Status, type experimental, type InterceptingListener } from '@grpc/grpc-js';
import type { Random } from '@giftmesh/kernel-random';
import type { Cancel, Clock } from '@giftmesh/kernel-time';
import { ServingStatus, type HealthDefinition } from '@giftmesh/mesh-health';
import type { BalancerDecision } from '../balancer-extras';
import { WATCH_DELAY_MIN_MS, watchDelayMs, type BackendHealth } from './shown-state-decider';

/** How long the first answer of a Watch may take, milliseconds; then the backend counts as not serving. */
export const FIRST_ANSWER_MS_MAX = 5_000;

export interface HealthWatchOptions {
  /** Over one connection. */
  readonly channel: ReturnType<experimental.SubchannelInterface['getChannel']>;
  /** As the backend's health service knows it; empty for the backend as a whole. */
  readonly serviceName: string;
  readonly method: HealthDefinition['watch'];
  readonly clock: Clock;
  readonly random: Random;
  /** Told of every answer and failure; the health may be as before. */
  readonly onHealth: (health: BackendHealth, decision: BalancerDecision) => void;
}

/**
 * Watches a backend's `grpc.health.v1.Health` over one connection (gRFC A17) until it is stopped. A Watch that ends is opened again: at
 * once when it had answered and lasted, else after a growing wait, in which the backend counts as not serving. UNIMPLEMENTED means
 * that there is nothing to watch: serving.
 */
export class HealthWatch {
  readonly #options: HealthWatchOptions;
  #stopped = false;
  #failures = 0;
  #call: experimental.CallStream | undefined;
  #cancelTimer: Cancel = () => undefined;

  constructor(options: HealthWatchOptions) {
    this.#options = options;
    this.#open();
  }

  /** Ends the stream. Nothing is told after. */
  stop(): void {
    this.#stopped = true;
    this.#leave();
  }

  #open(): void {
    const { channel, method, serviceName, clock } = this.#options;
    const openedMs = clock.monotonicMs();
    const call = channel.createCall(method.path, Infinity, null, null, null);
    let answered = false;
    this.#call = call;
    this.#cancelTimer = clock.schedule(FIRST_ANSWER_MS_MAX, () => this.#ended(call, Status.DEADLINE_EXCEEDED, false));
    const listener: InterceptingListener = {
      onReceiveMetadata: () => undefined,
      onReceiveMessage: (message: Buffer) => {
        if (this.#call !== call) return;
        answered = true;
        this.#cancelTimer();
        if (this.#read(message)) call.startRead();
        else this.#ended(call, Status.INTERNAL, false);
      },
      onReceiveStatus: ({ code }) => {
        const lasted = clock.monotonicMs() - openedMs >= WATCH_DELAY_MIN_MS;
        this.#ended(call, code, answered && lasted);
      },
    };
    this.#start(call, listener);
    call.sendMessageWithContext({}, Buffer.from(method.requestSerialize({ service: serviceName })));
    call.halfClose();
    call.startRead();
  }

  /**
   * A call over one connection starts asynchronously, though its type hides it: it forgets a cancellation that comes before, and fails
   * with a rejection that would end the process.
   */
  #start(call: experimental.CallStream, listener: InterceptingListener): void {
    const started: unknown = call.start(new Metadata(), listener);
    void Promise.resolve(started).then(
      () => {
        if (this.#call !== call) call.cancelWithStatus(Status.CANCELLED, 'no longer watched');
      },
      () => this.#ended(call, Status.UNAVAILABLE, false),
    );
  }

  /** False when the message is no health answer. */
  #read(message: Buffer): boolean {
    let status: ServingStatus;
    try {
      ({ status } = this.#options.method.responseDeserialize(message));
    } catch {
      this.#options.onHealth('not-serving', 'malformed');
      return false;
    }
    if (status === ServingStatus.SERVING) this.#options.onHealth('serving', 'serving');
    else this.#options.onHealth('not-serving', 'not-serving');
    return true;
  }

  #ended(call: experimental.CallStream, code: number, lasted: boolean): void {
    if (this.#call !== call) return;
    this.#leave();
    if (code === Status.UNIMPLEMENTED) {
      this.#options.onHealth('serving', 'unimplemented');
      return;
    }
    if (lasted) {
      this.#failures = 0;
      this.#openAfter(0);
      return;
    }
    this.#failures += 1;
    this.#openAfter(watchDelayMs(this.#failures, this.#options.random.next()));
    this.#options.onHealth('not-serving', 'watch-failed');
  }

  #openAfter(delayMs: number): void {
    this.#cancelTimer = this.#options.clock.schedule(delayMs, () => {
      if (!this.#stopped) this.#open();
    });
  }

  #leave(): void {
    const call = this.#call;
    this.#call = undefined;
    this.#cancelTimer();
    call?.cancelWithStatus(Status.CANCELLED, 'no longer watched');
  }
}
