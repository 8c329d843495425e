import { ROOT_CONTEXT, type Context, type ContextManager } from '@opentelemetry/api';
import { contextKey, currentCall, currentValue, runWith } from '@giftmesh/mesh-context';
import { traceOf } from './call-trace';

const activeKey = contextKey<Context>('OpenTelemetry context');

/**
 * OpenTelemetry's context taken from the running call, so that `trace.getActiveSpan()` works in handlers, streams too, without
 * any work for calls where nobody asks, and without a second AsyncLocalStorage, which every await of the process would pay for.
 * To be given to the SDK as its `contextManager`.
 *
 * Spans made by hand (`tracer.startActiveSpan`) are nearer than the call's own; those of a call that is not recorded are not
 * recorded either.
 */
export class CallContextManager implements ContextManager {
  active(): Context {
    return currentValue(activeKey) ?? traceOf(currentCall())?.context ?? ROOT_CONTEXT;
  }

  with<A extends unknown[], F extends (...args: A) => ReturnType<F>>(
    context: Context,
    fn: F,
    thisArg?: ThisParameterType<F>,
    ...args: A
  ): ReturnType<F> {
    return runWith(activeKey, context, () => fn.apply(thisArg, args));
  }

  bind<T>(context: Context, target: T): T {
    if (typeof target !== 'function') return target;
    const fn = target as unknown as (this: unknown, ...args: unknown[]) => unknown;
    const bound = (thisArg: unknown, args: unknown[]): unknown => this.with(context, () => fn.apply(thisArg, args));
    return function (this: unknown, ...args: unknown[]) {
      return bound(this, args);
    } as T;
  }

  /** Nothing to do: what it needs is the calls' own. */
  enable(): this {
    return this;
  }

  /** See `enable`. */
  disable(): this {
    return this;
  }
}
