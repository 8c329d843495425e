import { StatusCode, StatusError } from '@giftmesh/kernel-errors';
import type { Clock } from '@giftmesh/kernel-time';
import {
  composeAround,
  DrainNotice,
  openIncomingCall,
  Passage,
  type Around,
  type Arrival,
  type CallContext,
  type CallHost,
  type HostedMethod,
  type ServerPolicy,
  type Service,
} from '@giftmesh/mesh-context';
import { DeadlineWheel, QUEUEING_MS_MAX } from '@giftmesh/mesh-deadline';
import { toStatusError } from '@giftmesh/mesh-errors';
import { undeclaredPolicy, type MethodDefinition, type MethodPolicy } from '@giftmesh/mesh-policy';
import { HostedStream } from './hosted-stream';
import { SingleRun, type RunHost, type Settle } from './single-run';

/** Told of everything a handler or policy threw that no caller may see. */
export type OnInternalCallError = (thrown: unknown, method: string) => void;

export interface ServiceHostOptions {
  readonly services: readonly Service[];
  readonly clock: Clock;
  /** By path; methods that are not in it get no deadline and no priority. Default empty. */
  readonly methodPolicies?: ReadonlyMap<string, MethodPolicy>;
  /** Around every call, the first is the outermost. Default none. */
  readonly policies?: readonly ServerPolicy[];
  readonly onInternalError?: OnInternalCallError | undefined;
  /** The longest wait before this server that a deadline stamp is believed to show. Default 5,000 ms; 0 ignores stamps. */
  readonly queueingMsMax?: number;
}

/** A method with its handler and policy. */
export interface ServedMethod extends HostedMethod {
  readonly definition: MethodDefinition;
  readonly policy: MethodPolicy;
  readonly handler: (input: unknown) => unknown;
}

/**
 * Runs the handlers of a process's services: in a context, under a deadline, inside the policies, with StatusErrors
 * only as failures. Knows no transport; the gRPC server and the in-process transports all come in here.
 */
export class ServiceHost implements CallHost {
  readonly #methods = new Map<string, ServedMethod>();
  readonly #clock: Clock;
  readonly #runs: RunHost;
  readonly #wheel: DeadlineWheel;
  readonly #queueingMsMax: number;
  readonly #onInternalError: OnInternalCallError | undefined;
  readonly #drainNotice = new DrainNotice();
  readonly #openStreams = new Set<CallContext>();

  /** Throws TypeError when two services have the same method, RangeError for a negative `queueingMsMax`. */
  constructor(options: ServiceHostOptions) {
    this.#clock = options.clock;
    this.#wheel = new DeadlineWheel({ clock: options.clock });
    const policies = options.policies ?? [];
    this.#runs = {
      policies,
      around: policies.some(({ around }) => around !== undefined) ? composeAround(policies) : undefined,
      wheel: this.#wheel,
      statusOf: (thrown, context, ended) => this.#statusOf(thrown, context, ended),
    };
    this.#queueingMsMax = options.queueingMsMax ?? QUEUEING_MS_MAX;
    if (!(this.#queueingMsMax >= 0)) {
      throw new RangeError(`queueingMsMax must be 0 or more, got ${this.#queueingMsMax}`);
    }
    this.#onInternalError = options.onInternalError;
    for (const { definition, handlers } of options.services) {
      for (const [name, method] of Object.entries(definition)) {
        if (this.#methods.has(method.path)) throw new TypeError(`${method.path} is served twice`);
        const policy = options.methodPolicies?.get(method.path) ?? undeclaredPolicy(method);
        const handler = handlers[name] as (input: unknown) => unknown;
        this.#methods.set(method.path, { definition: method, policy, handler });
      }
    }
  }

  method(path: string): ServedMethod | undefined {
    return this.#methods.get(path);
  }

  open(method: ServedMethod, arrival: Arrival): CallContext {
    return openIncomingCall(
      {
        method: method.definition.path,
        policy: method.policy,
        clock: this.#clock,
        queueingMsMax: this.#queueingMsMax,
        drainNotice: this.#drainNotice,
      },
      arrival,
    );
  }

  /**
   * Runs a method that answers once; `settle` is called exactly once, at the latest when the call is cancelled. The
   * form with a callback is for transports on the hot path.
   */
  run(method: ServedMethod, context: CallContext, input: () => unknown, settle: Settle): void {
    new SingleRun(this.#runs, method, context, input, settle).start();
  }

  call(method: ServedMethod, context: CallContext, input: () => unknown): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.run(method, context, input, (error, value) => (error === undefined ? resolve(value) : reject(error)));
    });
  }

  stream(method: ServedMethod, context: CallContext, input: () => unknown): AsyncIterableIterator<unknown> {
    if (!context.ended) {
      this.#wheel.add(context);
      this.#openStreams.add(context);
    }
    return new HostedStream({
      context,
      passage: new Passage(this.#runs.policies, context),
      around: this.#runs.around ?? justRun,
      start: () => method.handler(input()) as AsyncIterable<unknown>,
      toError: (thrown) => this.#statusOf(thrown, context, context.ended),
      onEnd: () => {
        this.#wheel.delete(context);
        this.#openStreams.delete(context);
      },
    });
  }

  /** Tells all calls, through `CallContext.draining`, that the server is on its way out. */
  announceDrain(): void {
    this.#drainNotice.announce();
  }

  /** Ends the open streams with UNAVAILABLE: their clients may go elsewhere. */
  endStreams(): void {
    for (const context of [...this.#openStreams]) {
      context.cancel(
        new StatusError({ code: StatusCode.UNAVAILABLE, reason: 'DRAINING', message: 'the server is shutting down' }),
      );
    }
  }

  /** Number of streams that are open. */
  get openStreams(): number {
    return this.#openStreams.size;
  }

  /** What is thrown after the call's end is nobody's answer, and mostly the cancellation itself: not reported. */
  #statusOf(thrown: unknown, context: CallContext, ended: boolean): StatusError {
    const report = this.#onInternalError;
    if (ended || report === undefined) return toStatusError(thrown);
    return toStatusError(thrown, (unknown) => report(unknown, context.method));
  }
}

const justRun: Around = (_call, next) => next();
