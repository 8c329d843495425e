import { StatusError } from '@giftmesh/kernel-errors';
import { Call, callCancelled, type CallOptions } from './call';
import type { CallMetadata } from './metadata';

export interface OutgoingCallOptions extends CallOptions {
  /** Text metadata to send. */
  readonly metadata?: Readonly<Record<string, string>> | undefined;
}

/** A call on its way out, as client policies and transports see it. */
export class OutgoingCall extends Call {
  #metadata: Map<string, string> | undefined;
  #leaveSignal: (() => void) | undefined;
  /** What came back with the answer, whether it was good or bad; undefined until then. Set by the transport. */
  trailers: CallMetadata | undefined;
  /** The backend that took the call, as its transport names it (`127.0.0.1:7001`); undefined until an answer, and where there is only one. Set by the transport. */
  peer: string | undefined;

  constructor(options: OutgoingCallOptions) {
    super(options);
    const entries = options.metadata === undefined ? [] : Object.entries(options.metadata);
    if (entries.length > 0) this.#metadata = new Map(entries.map(([name, value]) => [name.toLowerCase(), value]));
  }

  /** Sends a text value with the call. Names are lower case. Later values replace earlier ones. */
  setMetadata(name: string, value: string): void {
    this.#metadata ??= new Map();
    this.#metadata.set(name, value);
  }

  /** What is sent with the call. */
  get metadata(): ReadonlyMap<string, string> {
    return this.#metadata ?? noEntries;
  }

  /** Cancels the call when the signal aborts; until then, and no longer than the call lasts, it listens to it. */
  cancelWith(signal: AbortSignal): void {
    const onAbort = (): void => this.cancel(cancelReasonOf(signal, this.method));
    signal.addEventListener('abort', onAbort, { once: true });
    this.#leaveSignal = () => signal.removeEventListener('abort', onAbort);
  }

  override cancel(reason: StatusError): void {
    super.cancel(reason);
    this.#leaveSignal?.();
  }

  override finish(): void {
    super.finish();
    this.#leaveSignal?.();
  }

  /**
   * A try of this call, as a call of its own: it can time out or be cancelled without ending this one, and ends with it.
   * The one who makes it must `finish` it.
   * @param timeoutMs for this try alone; the call's deadline still holds.
   */
  attempt(timeoutMs = Infinity): OutgoingCall {
    const attempt = new OutgoingCall({
      method: this.method,
      policy: this.policy,
      clock: this.clock,
      deadlineMs:
        timeoutMs === Infinity ? this.deadlineMs : Math.min(this.deadlineMs, this.clock.monotonicMs() + timeoutMs),
      parent: this,
    });
    if (this.#metadata !== undefined) attempt.#metadata = new Map(this.#metadata);
    return attempt;
  }
}

/** The StatusError for a signal that has aborted: its own reason where that is one, CANCELLED otherwise. */
export function cancelReasonOf(signal: AbortSignal, method: string): StatusError {
  return signal.reason instanceof StatusError ? signal.reason : callCancelled(method);
}

const noEntries: ReadonlyMap<string, string> = new Map();
