import type { StatusError } from '@giftmesh/kernel-errors';
import { Passage, runInCall, type Around, type CallContext, type ServerPolicy } from '@giftmesh/mesh-context';
import type { DeadlineWheel } from '@giftmesh/mesh-deadline';
import type { ServedMethod } from './service-host';

/** How a call that answers once went: exactly one of them is undefined, unless the answer itself is. */
export type Settle = (error: StatusError | undefined, value: unknown) => void;

/** What the runs of a host share. */
export interface RunHost {
  readonly policies: readonly ServerPolicy[];
  /** Undefined when no policy goes around handlers: most look at calls only. */
  readonly around: Around | undefined;
  readonly wheel: DeadlineWheel;
  /** @param ended whether the call was over when it was thrown. */
  readonly statusOf: (thrown: unknown, context: CallContext, ended: boolean) => StatusError;
}

/**
 * One call of a method that answers once: through the policies, into the handler, and to its end, which comes exactly once. It
 * makes no promise but the handler's own, since each one costs a hook as long as calls are followed across awaits, and few closures.
 */
export class SingleRun {
  readonly #host: RunHost;
  readonly #method: ServedMethod;
  readonly #context: CallContext;
  readonly #input: () => unknown;
  readonly #settle: Settle;
  readonly #passage: Passage;
  #settled = false;
  /** The handler was called and has not come to its end. */
  #runs = false;

  constructor(host: RunHost, method: ServedMethod, context: CallContext, input: () => unknown, settle: Settle) {
    this.#host = host;
    this.#method = method;
    this.#context = context;
    this.#input = input;
    this.#settle = settle;
    this.#passage = new Passage(host.policies, context);
  }

  start(): void {
    this.#context.onCancel((reason) => this.#end(reason, undefined));
    if (this.#settled) return;
    this.#host.wheel.add(this.#context);
    runInCall(this.#context, () => {
      try {
        const waiting = this.#passage.enter();
        if (waiting === undefined) this.#handle();
        else waiting.then(() => this.#handle(), this.#fail);
      } catch (thrown) {
        this.#fail(thrown);
      }
    });
  }

  #handle(): void {
    const { around } = this.#host;
    try {
      if (around !== undefined) {
        around(this.#context, () => this.#innermost()).then((value) => this.#end(undefined, value), this.#fail);
        return;
      }
      // A policy may have let the call wait for so long that nobody wants it any more.
      if (this.#context.cancelReason !== undefined) return;
      const answer = this.#method.handler(this.#input());
      if (!isThenable(answer)) return this.#end(undefined, answer);
      this.#runs = true;
      Promise.resolve(answer).then(
        (value) => this.#handled(undefined, value),
        (thrown: unknown) => this.#handled(this.#statusOf(thrown), undefined),
      );
    } catch (thrown) {
      this.#fail(thrown);
    }
  }

  async #innermost(): Promise<unknown> {
    if (this.#context.cancelReason !== undefined) throw this.#context.cancelReason;
    this.#runs = true;
    try {
      return await this.#method.handler(this.#input());
    } catch (thrown) {
      throw this.#statusOf(thrown);
    } finally {
      this.#runs = false;
      if (this.#settled) this.#passage.done();
    }
  }

  #handled(error: StatusError | undefined, value: unknown): void {
    this.#runs = false;
    if (this.#settled) this.#passage.done();
    else this.#end(error, value);
  }

  get #fail(): (thrown: unknown) => void {
    return (thrown) => this.#end(this.#statusOf(thrown), undefined);
  }

  #statusOf(thrown: unknown): StatusError {
    return this.#host.statusOf(thrown, this.#context, this.#settled);
  }

  #end(error: StatusError | undefined, value: unknown): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#host.wheel.delete(this.#context);
    this.#context.finish();
    this.#passage.leave(error, this.#runs);
    this.#settle(error, value);
  }
}

function isThenable(value: unknown): boolean {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function';
}
