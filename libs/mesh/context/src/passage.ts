import type { StatusError } from '@giftmesh/kernel-errors';
import type { CallContext } from './call-context';
import type { ServerPolicy } from './server-policy';

/** One call's way through the `begin`s and `end`s of a server's policies: whoever let it in learns of its end, once. */
export class Passage {
  readonly #policies: readonly ServerPolicy[];
  readonly #call: CallContext;
  #entered = 0;
  #left = false;
  #done = false;
  #error: StatusError | undefined;

  /** @param policies the first is the outermost. */
  constructor(policies: readonly ServerPolicy[], call: CallContext) {
    this.#policies = policies;
    this.#call = call;
  }

  /**
   * Asks the policies in their order. Returns undefined when all let the call in at once, else a promise for it; throws or
   * rejects with what the first that refuses threw.
   */
  enter(): Promise<void> | undefined {
    while (this.#entered < this.#policies.length) {
      const policy = this.#policies[this.#entered] as ServerPolicy;
      const waiting = policy.begin?.(this.#call);
      if (waiting !== undefined) return waiting.then(() => this.#goOn(policy));
      this.#entered += 1;
    }
    return undefined;
  }

  /**
   * Tells the end to those that let the call in, the innermost first. Further calls do nothing.
   * @param goesOn the handler still runs, and `done` will be called after it. Default false.
   */
  leave(error: StatusError | undefined, goesOn = false): void {
    if (this.#left) return;
    this.#left = true;
    this.#error = error;
    for (let index = this.#entered - 1; index >= 0; index -= 1) this.#policies[index]?.end?.(this.#call, error);
    if (!goesOn) this.done();
  }

  /** Tells those that let the call in that its handler has come to its end. Further calls do nothing. */
  done(): void {
    if (this.#done) return;
    this.#done = true;
    for (let index = this.#entered - 1; index >= 0; index -= 1) this.#policies[index]?.done?.(this.#call);
  }

  #goOn(policy: ServerPolicy): Promise<void> | undefined {
    if (this.#left) {
      // Let in when it was already over: what it was given has to come back.
      policy.end?.(this.#call, this.#error);
      policy.done?.(this.#call);
      return undefined;
    }
    this.#entered += 1;
    return this.enter();
  }
}
