import type { MethodDefinition, RequestOf, ResponseOf, ServiceDefinition } from '@giftmesh/mesh-policy';

type MaybePromise<T> = T | Promise<T>;

/** How a method is implemented: plain values in and out, streams as async iterables. */
export type Handler<M extends MethodDefinition> = M['requestStream'] extends false
  ? M['responseStream'] extends false
    ? (request: RequestOf<M>) => MaybePromise<ResponseOf<M>>
    : (request: RequestOf<M>) => AsyncIterable<ResponseOf<M>>
  : M['responseStream'] extends false
    ? (requests: AsyncIterable<RequestOf<M>>) => MaybePromise<ResponseOf<M>>
    : (requests: AsyncIterable<RequestOf<M>>) => AsyncIterable<ResponseOf<M>>;

/** The handlers of a service, each under its method's name. */
export type Handlers<D extends ServiceDefinition> = { readonly [K in keyof D]: Handler<D[K]> };

/** A service and what implements it. */
export interface Service {
  readonly definition: ServiceDefinition;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- of any request type; `service` has checked that it fits
  readonly handlers: Readonly<Record<string, (input: any) => unknown>>;
}

/**
 * Ties handlers to their definition; the compiler checks that they fit. Methods of a class instance work too.
 * Throws TypeError, with the method's name, when a handler is missing.
 */
export function service<D extends ServiceDefinition>(definition: D, handlers: Handlers<D>): Service {
  const bound: Record<string, (input: unknown) => unknown> = {};
  for (const name of Object.keys(definition)) {
    const handler: unknown = handlers[name];
    if (typeof handler !== 'function') throw new TypeError(`no handler for ${definition[name]?.path}`);
    bound[name] = (handler as (input: unknown) => unknown).bind(handlers);
  }
  return { definition, handlers: bound };
}
