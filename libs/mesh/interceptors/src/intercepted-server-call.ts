import {
  ServerInterceptingCall,
  status as grpcStatus,
  type Metadata,
  type ServerInterceptingCallInterface,
} from '@grpc/grpc-js';
import type { StatusError } from '@giftmesh/kernel-errors';
import { systemClock } from '@giftmesh/kernel-time';
import {
  callCancelled,
  metadataFrom,
  openIncomingCall,
  Passage,
  runInCall,
  type CallContext,
  type EarlyArrival,
} from '@giftmesh/mesh-context';
import type { MethodPolicy } from '@giftmesh/mesh-policy';
import type { ServerSetting } from './server-interceptor';
import { withTrailers, type PartialStatusObject } from './status-maker';

/** What is known of a method that is called. */
export interface InterceptedMethod {
  readonly path: string;
  readonly policy: MethodPolicy;
  /** It answers once. */
  readonly single: boolean;
}

type ServerListener = Parameters<ServerInterceptingCallInterface['start']>[0];

/** The handler's part of a call whose policies have an `around`: `next()` settles with it. */
interface Inside {
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: StatusError) => void;
  /** The answer of a handler that answers once, held back until the policies have seen it. */
  answer?: unknown;
  status?: PartialStatusObject;
  error?: StatusError | undefined;
}

const OK: PartialStatusObject = { code: grpcStatus.OK, details: 'OK' };
/** A deadline of grpc-js passes by its own timer, which may be this much early by the clock here. Milliseconds. */
const TIMER_EARLY_MS_MAX = 1;

/** One call, between the transport and a handler of plain grpc-js: opens its context, and runs the policies around it. */
export class InterceptedServerCall extends ServerInterceptingCall {
  readonly #setting: ServerSetting;
  readonly #method: InterceptedMethod;
  readonly #next: ServerInterceptingCallInterface;
  #context: CallContext | undefined;
  #passage: Passage | undefined;
  #inside: Inside | undefined;
  /** The status was decided; what the handler still says is nobody's answer. */
  #over = false;

  constructor(setting: ServerSetting, method: InterceptedMethod, next: ServerInterceptingCallInterface) {
    super(next);
    this.#setting = setting;
    this.#method = method;
    this.#next = next;
  }

  override start(handler: ServerListener): void {
    this.#next.start({
      onReceiveMetadata: (metadata) => this.#arrive(metadata, handler),
      onReceiveMessage: (message) => this.#inCall(() => handler.onReceiveMessage(message)),
      onReceiveHalfClose: () => this.#inCall(() => handler.onReceiveHalfClose()),
      // grpc-js tells the same for its own deadline timer, for what it refuses by itself, and after every answer.
      onCancel: () => {
        const context = this.#context;
        if (context !== undefined && !context.ended) {
          if (context.remainingMs() <= TIMER_EARLY_MS_MAX) context.expire();
          else context.cancel(callCancelled(context.method));
        }
        this.#inCall(() => handler.onCancel());
      },
    });
  }

  override sendMessage(message: unknown, callback: () => void): void {
    if (this.#over) return;
    if (this.#inside !== undefined && this.#method.single) {
      this.#inside.answer = message;
      callback();
    } else this.#next.sendMessage(message, () => this.#inCall(callback));
  }

  override sendMetadata(metadata: Metadata): void {
    if (!this.#over) this.#next.sendMetadata(metadata);
  }

  override sendStatus(sent: PartialStatusObject): void {
    if (this.#over) return;
    const { status, error } = this.#setting.statuses.fromHandler(sent);
    const inside = this.#inside;
    if (inside === undefined) return this.#end(status, error);
    inside.status = status;
    inside.error = error;
    if (error === undefined) inside.resolve(inside.answer);
    else inside.reject(error);
  }

  #inCall(fn: () => void): void {
    if (this.#context === undefined) fn();
    else runInCall(this.#context, fn);
  }

  #arrive(metadata: Metadata, handler: ServerListener): void {
    const { clock, wheel, policies, queueingMsMax, drainNotice } = this.#setting;
    const { path: method, policy } = this.#method;
    const read = metadataFrom(metadata);
    if (this.#refusedEarly({ method, policy, metadata: read })) return;
    const deadline = this.#next.getDeadline();
    // grpc-js counts its deadlines on the process's real time, whatever clock is injected.
    const timeoutMs = deadline === Infinity ? Infinity : Number(deadline) - systemClock.nowMs();
    const context = openIncomingCall(
      { method, policy, clock, queueingMsMax, drainNotice },
      {
        timeoutMs,
        metadata: read,
        peer: () => this.#next.getPeer(),
        peerAltNames: () => this.#next.getAuthContext().sslPeerCertificate?.subjectaltname,
      },
    );
    const passage = new Passage(policies, context);
    this.#context = context;
    this.#passage = passage;
    context.onCancel((reason) => {
      this.#end(this.#setting.statuses.statusOf(reason), reason);
      this.#inside?.reject(reason);
    });
    if (context.ended) return;
    wheel.add(context);
    const enter = (): void => {
      if (!context.ended) this.#runInside(context, () => handler.onReceiveMetadata(metadata));
    };
    const refuse = (thrown: unknown): void => this.#fail(thrown);
    try {
      const waiting = runInCall(context, () => passage.enter());
      if (waiting === undefined) enter();
      else waiting.then(enter, refuse);
    } catch (thrown) {
      refuse(thrown);
    }
  }

  /** Runs the handler inside of the policies' `around`s. */
  #runInside(context: CallContext, start: () => void): void {
    const { around } = this.#setting;
    if (around === undefined) return runInCall(context, start);
    const innermost = (): Promise<unknown> =>
      new Promise((resolve, reject) => {
        // A policy may have let the call wait for so long that nobody wants it any more.
        if (context.cancelReason !== undefined) throw context.cancelReason;
        this.#inside = { resolve, reject };
        runInCall(context, start);
      });
    const fail = (thrown: unknown): void => this.#fail(thrown);
    try {
      runInCall(context, () => around(context, innermost)).then((answer) => this.#succeed(answer), fail);
    } catch (thrown) {
      fail(thrown);
    }
  }

  /** The policies' `around`s are through. */
  #succeed(answer: unknown): void {
    if (this.#over) return;
    const said = this.#inside?.error === undefined ? this.#inside?.status : undefined;
    if (!this.#method.single) return this.#end(said ?? OK, undefined);
    this.#end(said ?? OK, undefined, (send) => this.#next.sendMessage(answer, send));
  }

  #fail(thrown: unknown): void {
    if (this.#over) return;
    const inside = this.#inside;
    // What the handler said goes out as it said it, unless a policy made something else of it.
    if (inside?.error !== undefined && thrown === inside.error) return this.#end(inside.status ?? OK, inside.error);
    const error = this.#setting.statuses.errorOf(thrown, this.#method.path);
    this.#end(this.#setting.statuses.statusOf(error), error);
  }

  #end(
    status: PartialStatusObject,
    error: StatusError | undefined,
    before: (send: () => void) => void = (send) => send(),
  ): void {
    const context = this.#context;
    if (this.#over) return;
    this.#over = true;
    // Another interceptor has answered before the metadata came here.
    if (context === undefined) return before(() => this.#next.sendStatus(status));
    this.#setting.wheel.delete(context);
    context.finish();
    this.#passage?.leave(error);
    before(() => this.#next.sendStatus(withTrailers(status, context.trailers)));
  }

  #refusedEarly(arrival: EarlyArrival): boolean {
    for (const { early } of this.#setting.policies) {
      if (early === undefined || !early.active()) continue;
      try {
        const refusal = early.refusal(arrival);
        if (refusal === undefined) continue;
        this.#over = true;
        for (const { refused } of this.#setting.policies) refused?.(arrival, refusal.error);
        this.#next.sendStatus(withTrailers(this.#setting.statuses.statusOf(refusal.error), refusal.trailers));
        return true;
      } catch (thrown) {
        // The call passes: `begin` will see it.
        this.#setting.statuses.errorOf(thrown, arrival.method);
      }
    }
    return false;
  }
}
