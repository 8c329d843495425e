import { StatusCode, StatusError } from '@giftmesh/kernel-errors';
import { systemClock, type Clock } from '@giftmesh/kernel-time';
import {
  openOutgoingCall,
  wrapCall,
  wrapStream,
  type ClientPolicy,
  type MethodDefinition,
  type OutgoingCall,
  type RequestOf,
  type ResponseOf,
  type ServiceDefinition,
} from '@giftmesh/mesh-context';
import { DeadlineWheel, RESERVE_MS } from '@giftmesh/mesh-deadline';
import { undeclaredPolicy, type MethodPolicy } from '@giftmesh/mesh-policy';
import { ClientStream } from './client-stream';
import type { Transport } from './transport';

/** What a caller may say of one call. */
export interface ClientCallOptions {
  /** Milliseconds; the method's deadline and the time left to the current call still hold. Default: those alone. */
  readonly timeoutMs?: number;
  /** Cancels the call when it aborts. */
  readonly signal?: AbortSignal;
  /** Text metadata to send. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/** How a method is called: plain values in and out, streams as async iterables, failures as StatusErrors. */
export type ClientMethod<M extends MethodDefinition> = M['requestStream'] extends false
  ? M['responseStream'] extends false
    ? (request: RequestOf<M>, options?: ClientCallOptions) => Promise<ResponseOf<M>>
    : (request: RequestOf<M>, options?: ClientCallOptions) => AsyncIterableIterator<ResponseOf<M>>
  : M['responseStream'] extends false
    ? (requests: AsyncIterable<RequestOf<M>>, options?: ClientCallOptions) => Promise<ResponseOf<M>>
    : (requests: AsyncIterable<RequestOf<M>>, options?: ClientCallOptions) => AsyncIterableIterator<ResponseOf<M>>;

/** A client: the methods of a service under their names. The transport is closed by whoever made it. */
export type MeshClient<D extends ServiceDefinition> = { readonly [K in keyof D]: ClientMethod<D[K]> };

export interface ClientOptions {
  /** By path; see `methodPolicies`. Default: no method has a deadline of its own. */
  readonly methodPolicies?: ReadonlyMap<string, MethodPolicy>;
  /** Around every call, the first is the outermost. Default none. */
  readonly policies?: readonly ClientPolicy[];
  /** Default the process's real time. */
  readonly clock?: Clock;
  /** Milliseconds kept back from the current call's time for its own answer. Default 5. */
  readonly reserveMs?: number;
}

/**
 * Makes a client. Each call gets min(its own timeout, the method's deadline, what is left to the call that the running
 * code serves − reserve), ends with that call, and fails at once with DEADLINE_EXCEEDED when nothing is left.
 */
export function createClient<D extends ServiceDefinition>(
  definition: D,
  transport: Transport,
  options: ClientOptions = {},
): MeshClient<D> {
  const caller = new Caller(options);
  const methods = Object.entries(definition).map(([name, method]) => [
    name,
    method.responseStream ? caller.streaming(transport, method) : caller.single(transport, method),
  ]);
  return Object.fromEntries(methods) as MeshClient<D>;
}

class Caller {
  readonly #options: ClientOptions;
  readonly #clock: Clock;
  readonly #wheel: DeadlineWheel;
  readonly #reserveMs: number;

  constructor(options: ClientOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#wheel = new DeadlineWheel({ clock: this.#clock });
    this.#reserveMs = options.reserveMs ?? RESERVE_MS;
    if (!(this.#reserveMs >= 0)) throw new RangeError(`reserveMs must be 0 or more, got ${this.#reserveMs}`);
  }

  single(transport: Transport, method: MethodDefinition) {
    const policy = this.#policyOf(method);
    const make = wrapCall(this.#options.policies ?? [], (call, input) => transport.call(method, input, call));
    return async (input: unknown, options?: ClientCallOptions): Promise<unknown> => {
      const call = this.#open(method, policy, options);
      try {
        return await make(call, input);
      } finally {
        this.#close(call);
      }
    };
  }

  streaming(transport: Transport, method: MethodDefinition) {
    const policy = this.#policyOf(method);
    const make = wrapStream(this.#options.policies ?? [], (call, input) => transport.stream(method, input, call));
    return (input: unknown, options?: ClientCallOptions): AsyncIterableIterator<unknown> =>
      new ClientStream({
        open: () => this.#open(method, policy, options),
        answers: (call) => make(call, input),
        close: (call) => this.#close(call),
      });
  }

  #policyOf(method: MethodDefinition): MethodPolicy {
    return this.#options.methodPolicies?.get(method.path) ?? undeclaredPolicy(method);
  }

  /** Throws the StatusError of a call that has no time or was cancelled before it began. */
  #open(method: MethodDefinition, policy: MethodPolicy, options: ClientCallOptions = {}): OutgoingCall {
    if (Number.isNaN(options.timeoutMs)) throw invalidTimeout(method.path);
    const call = openOutgoingCall({
      ...options,
      method: method.path,
      policy,
      clock: this.#clock,
      reserveMs: this.#reserveMs,
    });
    this.#wheel.add(call);
    return call;
  }

  #close(call: OutgoingCall): void {
    this.#wheel.delete(call);
    call.finish();
  }
}

function invalidTimeout(method: string): StatusError {
  return new StatusError({
    code: StatusCode.INVALID_ARGUMENT,
    reason: 'INVALID_TIMEOUT',
    message: `the timeout of ${method} is not a number`,
  });
}
