import { Metadata, status as grpcStatus, type InterceptorOptions, type StatusObject } from '@grpc/grpc-js';
import type { StatusError } from '@giftmesh/kernel-errors';
import { callCancelled, type OutgoingCall } from '@giftmesh/mesh-context';
import type { MethodPolicy } from '@giftmesh/mesh-policy';
import { Answers } from './answers';
import { cancelForGood, cancelledWith, ClientCall, type Listener, type Native, type NextCall } from './client-call';
import type { ClientSetting } from './client-interceptor';

type Context = Parameters<Native['sendMessageWithContext']>[0];

/** What a policy's `next` comes to in the end: one try over grpc-js. */
interface Attempt {
  call(call: OutgoingCall): Promise<unknown>;
  stream(call: OutgoingCall): AsyncIterable<unknown>;
}

/** Who sends the request of a call that goes through policies: what `Make` is given as the call's input. */
export function attemptOf(input: unknown): Attempt {
  return input as Attempt;
}

/** How a try ended, so that its caller gets what the other side said and not a copy of it. */
interface Outcome {
  readonly answer: unknown;
  readonly error: StatusError | undefined;
  readonly status: StatusObject;
  readonly headers: Metadata | undefined;
}

/** The most tries of one call whose outcomes are remembered; what a caller gets is mostly the last one's. */
const OUTCOMES_MAX = 8;

/** A call with one request, which is kept so that policies can send it again. Goes out when the request is complete. */
export class RepeatableClientCall extends ClientCall implements Attempt {
  readonly #path: string;
  readonly #isStream: boolean;
  #metadata = new Metadata();
  #listener: Partial<Listener> = {};
  #call: OutgoingCall | undefined;
  #message: unknown;
  #flags: Context = {};
  readonly #outcomes: Outcome[] = [];
  #headers: Metadata | undefined;
  #answers: Answers | undefined;
  /** Reads that were asked for before the call went out. */
  #reads = 0;
  #told = false;

  constructor(setting: ClientSetting, policy: MethodPolicy, options: InterceptorOptions, nextCall: NextCall) {
    super(setting, policy, options, nextCall);
    this.#path = options.method_definition.path;
    this.#isStream = options.method_definition.responseStream;
  }

  override start(metadata: Metadata, listener: Partial<Listener> = {}): void {
    this.#metadata = metadata;
    this.#listener = listener;
    try {
      this.#call = this.open(metadata);
      // Whatever a policy is doing then: the caller is told at once.
      this.#call.onCancel((reason) => {
        if (this.#answers === undefined) queueMicrotask(() => this.#tellFailure(reason));
        else this.#answers.leave(reason);
      });
    } catch (thrown) {
      queueMicrotask(() => this.#tellFailure(thrown));
    }
  }

  override sendMessageWithContext(context: Context, message: unknown): void {
    this.#message = message;
    if (context.flags !== undefined) this.#flags = { flags: context.flags };
    context.callback?.();
  }

  override halfClose(): void {
    const { makeCall, makeStream } = this.setting;
    const call = this.#call;
    if (call === undefined) return;
    if (!this.#isStream) {
      void makeCall?.(call, this).then(
        (answer) => this.#tellAnswer(answer),
        (thrown: unknown) => this.#tellFailure(thrown),
      );
      return;
    }
    this.#answers = new Answers(
      () => makeStream?.(call, this) ?? this.stream(call),
      {
        onMessage: (message) => {
          this.#tellHeaders(this.#headers);
          this.tell(() => this.#listener.onReceiveMessage?.(message));
        },
        onEnd: () => {
          this.#tellHeaders(this.#headers);
          this.#tellEnd(this.#outcomes.findLast(({ error }) => error === undefined)?.status ?? OK());
        },
        onFailure: (thrown) => this.#tellFailure(thrown),
      },
      this.#reads,
    );
    this.#reads = 0;
  }

  override startRead(): void {
    if (this.#answers === undefined) this.#reads += 1;
    else this.#answers.want();
  }

  override cancelWithStatus(code: number, details: string): void {
    this.#call?.cancel(cancelledWith(code, details));
  }

  call(call: OutgoingCall): Promise<unknown> {
    return new Promise((resolve, reject) => {
      let answer: unknown;
      let headers: Metadata | undefined;
      const native = this.startNative(call, this.#metadata, {
        onReceiveMetadata: (received) => (headers = received),
        onReceiveMessage: (message: unknown) => (answer = message),
        onReceiveStatus: (status) => {
          const error = this.read(call, native, status);
          this.#remember({ answer, error, status, headers });
          if (error === undefined) resolve(answer);
          else reject(error);
        },
      });
      call.onCancel(reject);
      native.sendMessageWithContext(this.#flags, this.#message);
      native.halfClose();
    });
  }

  async *stream(call: OutgoingCall): AsyncIterable<unknown> {
    let ended: { readonly error: StatusError | undefined } | undefined;
    const messages: unknown[] = [];
    let wake = (): void => undefined;
    const native = this.startNative(call, this.#metadata, {
      onReceiveMetadata: (received) => (this.#headers = received),
      onReceiveMessage: (message: unknown) => {
        messages.push(message);
        wake();
      },
      onReceiveStatus: (status) => {
        const error = this.read(call, native, status);
        this.#remember({ answer: undefined, error, status, headers: undefined });
        ended = { error };
        wake();
      },
    });
    native.sendMessageWithContext(this.#flags, this.#message);
    native.halfClose();
    try {
      for (;;) {
        // One read, one message: what nobody asks for stays with the transport, whose flow control holds the sender back.
        if (messages.length === 0 && ended === undefined) {
          native.startRead();
          await new Promise<void>((resolve) => (wake = resolve));
        }
        if (messages.length > 0) yield messages.shift();
        else if (ended !== undefined) {
          if (ended.error !== undefined) throw ended.error;
          return;
        }
      }
    } finally {
      // A policy that has had enough of this try, or a reader who left.
      if (ended === undefined) cancelForGood(native, callCancelled(this.#path));
    }
  }

  #remember(outcome: Outcome): void {
    if (this.#outcomes.length === OUTCOMES_MAX) this.#outcomes.shift();
    this.#outcomes.push(outcome);
  }

  #tellAnswer(answer: unknown): void {
    const outcome = this.#outcomes.findLast((one) => one.error === undefined && one.answer === answer);
    this.#tellHeaders(outcome?.headers);
    this.tell(() => this.#listener.onReceiveMessage?.(answer));
    this.#tellEnd(outcome?.status ?? OK());
  }

  #tellFailure(thrown: unknown): void {
    const outcome = this.#outcomes.findLast(({ error }) => error !== undefined && error === thrown);
    if (outcome !== undefined && outcome.error !== this.#call?.cancelReason) return this.#tellEnd(outcome.status);
    const error = this.setting.statuses.errorOf(thrown, this.#path);
    this.#call?.cancel(error);
    this.#tellEnd(this.setting.statuses.statusOf(error));
  }

  #tellHeaders(headers: Metadata | undefined): void {
    this.#headers = undefined;
    if (headers !== undefined) this.tell(() => this.#listener.onReceiveMetadata?.(headers));
  }

  #tellEnd(status: StatusObject): void {
    if (this.#told) return;
    this.#told = true;
    if (this.#call !== undefined) {
      this.setting.wheel.delete(this.#call);
      this.#call.finish();
    }
    this.tell(() => this.#listener.onReceiveStatus?.(status));
  }
}

function OK(): StatusObject {
  return { code: grpcStatus.OK, details: 'OK', metadata: new Metadata() };
}
