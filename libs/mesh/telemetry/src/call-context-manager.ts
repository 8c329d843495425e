import { AsyncLocalStorage } from 'node:async_hooks';
import { ROOT_CONTEXT, type Context, type ContextManager } from '@opentelemetry/api';
import { currentCall, type CallContext } from '@giftmesh/mesh-context';
import { traceOf } from './call-trace';

interface Scope {
  readonly context: Context;
  /** The call in which it was opened. */
  readonly call: CallContext | undefined;
}

/**
 * OpenTelemetry's context taken from the running call, so that `trace.getActiveSpan()` works in handlers, streams too, without
 * any work for calls where nobody asks. To be given to the SDK as its `contextManager`.
 *
 * Spans made by hand (`tracer.startActiveSpan`) are nearer than the call's own; those of a call that is not recorded are not
 * recorded either.
 */
export class CallContextManager implements ContextManager {
  // Costs nothing before its first `run`.
  readonly #scopes = new AsyncLocalStorage<Scope>();

  active(): Context {
    const call = currentCall();
    const scope = this.#scopes.getStore();
    // A scope that was open when a call began is not the call's.
    if (scope !== undefined && scope.call === call) return scope.context;
    return traceOf(call)?.context ?? ROOT_CONTEXT;
  }

  with<A extends unknown[], F extends (...args: A) => ReturnType<F>>(
    context: Context,
    fn: F,
    thisArg?: ThisParameterType<F>,
    ...args: A
  ): ReturnType<F> {
    return this.#scopes.run({ context, call: currentCall() }, () => fn.apply(thisArg, args));
  }

  bind<T>(context: Context, target: T): T {
    if (typeof target !== 'function') return target;
    const fn = target as unknown as (this: unknown, ...args: unknown[]) => unknown;
    const bound = (thisArg: unknown, args: unknown[]): unknown => this.with(context, () => fn.apply(thisArg, args));
    return function (this: unknown, ...args: unknown[]) {
      return bound(this, args);
    } as T;
  }

  enable(): this {
    return this;
  }

  disable(): this {
    this.#scopes.disable();
    return this;
  }
}
