import { StatusCode, StatusError } from '@giftmesh/kernel-errors';
import type { Clock } from '@giftmesh/kernel-time';
import type { MethodPolicy } from '@giftmesh/mesh-policy';
import type { ContextKey } from './context-key';

export interface CallOptions {
  /** `/package.Service/Method`. */
  readonly method: string;
  readonly policy: MethodPolicy;
  readonly clock: Clock;
  /** When the call ends at the latest, in the clock's monotonic milliseconds. Default Infinity. */
  readonly deadlineMs?: number;
  /** The call that this one is part of: cancelling it cancels this one, and its values are seen here. */
  readonly parent?: Call | undefined;
}

/** Told once why a call is over before its time. Must not throw. */
export type CancelListener = (reason: StatusError) => void;

/**
 * What incoming and outgoing calls have in common: a deadline, cancellation, and the values that policies keep.
 *
 * A call is open until `finish` (it was answered) or `cancel` (it never will be), whichever comes first; the other
 * one does nothing then. Everything that costs is made when it is first asked for.
 */
export class Call {
  readonly method: string;
  readonly policy: MethodPolicy;
  /** Monotonic milliseconds of the clock, Infinity for none. */
  readonly deadlineMs: number;
  protected readonly clock: Clock;
  readonly #parent: Call | undefined;
  #leaveParent: (() => void) | undefined;
  #finished = false;
  #reason: StatusError | undefined;
  /** Most calls have one listener, its transport: a set is made for the second. */
  #listener: CancelListener | undefined;
  #listeners: Set<CancelListener> | undefined;
  #controller: AbortController | undefined;
  /** Keys and values in turn: a call has few, and a map costs more than looking through them. */
  #values: unknown[] | undefined;

  constructor(options: CallOptions) {
    this.method = options.method;
    this.policy = options.policy;
    this.clock = options.clock;
    this.deadlineMs = options.deadlineMs ?? Infinity;
    this.#parent = options.parent;
    if (options.parent === undefined) return;
    // Not through `cancel`: subclasses have no fields yet, and nobody listens.
    this.#reason = options.parent.cancelReason;
    if (this.#reason === undefined) this.#leaveParent = options.parent.onCancel((reason) => this.cancel(reason));
  }

  /** Milliseconds until the deadline, never below 0, Infinity for none. */
  remainingMs(): number {
    return this.deadlineMs === Infinity ? Infinity : Math.max(0, this.deadlineMs - this.clock.monotonicMs());
  }

  /** Why the call was cancelled, undefined while it was not. */
  get cancelReason(): StatusError | undefined {
    return this.#reason;
  }

  get cancelled(): boolean {
    return this.#reason !== undefined;
  }

  /** True once the call was answered or cancelled. */
  get ended(): boolean {
    return this.#finished || this.#reason !== undefined;
  }

  /** Aborts with a StatusError when the call is cancelled. Never aborts for a call that was answered. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#reason !== undefined) this.#controller.abort(this.#reason);
    }
    return this.#controller.signal;
  }

  /** Ends the call before it was answered: aborts its signal, tells its listeners, and so cancels its children. */
  cancel(reason: StatusError): void {
    if (this.ended) return;
    this.#reason = reason;
    const listener = this.#listener;
    const listeners = this.#listeners;
    this.#release();
    this.#controller?.abort(reason);
    listener?.(reason);
    if (listeners !== undefined) for (const listener of listeners) listener(reason);
  }

  /** Cancels with DEADLINE_EXCEEDED. */
  expire(): void {
    this.cancel(deadlineExceeded(this.method));
  }

  /** The call was answered: from now on it cannot be cancelled. */
  finish(): void {
    if (this.ended) return;
    this.#finished = true;
    this.#release();
  }

  /**
   * Calls `listener` when the call is cancelled; at once if it already was, never if it was answered.
   * Returns how to take the listener back.
   */
  onCancel(listener: CancelListener): () => void {
    if (this.#reason !== undefined) {
      listener(this.#reason);
      return nothing;
    }
    if (this.#finished) return nothing;
    if (this.#listener === undefined && this.#listeners === undefined) {
      this.#listener = listener;
      return () => {
        if (this.#listener === listener) this.#listener = undefined;
      };
    }
    this.#listeners ??= new Set();
    this.#listeners.add(listener);
    return () => {
      this.#listeners?.delete(listener);
    };
  }

  /** The value under `key`, here or at the nearest call above that has it. */
  get<T>(key: ContextKey<T>): T | undefined {
    const values = this.#values;
    if (values !== undefined) {
      for (let index = 0; index < values.length; index += 2) if (values[index] === key) return values[index + 1] as T;
    }
    return this.#parent?.get(key);
  }

  /** Keeps a value with this call, for it and the calls that are part of it. */
  set<T>(key: ContextKey<T>, value: T): void {
    this.#values ??= [];
    for (let index = 0; index < this.#values.length; index += 2) {
      if (this.#values[index] !== key) continue;
      this.#values[index + 1] = value;
      return;
    }
    this.#values.push(key, value);
  }

  /** For subclasses: the call was answered or cancelled, and what it joined can be left. Comes once. */
  protected onEnd(): void {}

  #release(): void {
    this.#listener = undefined;
    this.#listeners = undefined;
    this.#leaveParent?.();
    this.#leaveParent = undefined;
    this.onEnd();
  }
}

/** The error of a call whose time is over. */
export function deadlineExceeded(method: string): StatusError {
  return new StatusError({
    code: StatusCode.DEADLINE_EXCEEDED,
    reason: 'DEADLINE_EXCEEDED',
    message: `the deadline of ${method} has passed`,
  });
}

/** The error of a call that its caller gave up. */
export function callCancelled(method: string): StatusError {
  return new StatusError({
    code: StatusCode.CANCELLED,
    reason: 'CANCELLED',
    message: `${method} was cancelled by its caller`,
  });
}

function nothing(): void {}
