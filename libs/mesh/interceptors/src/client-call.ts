import { InterceptingCall, type Metadata, type InterceptorOptions, type StatusObject } from '@grpc/grpc-js';
import { StatusCode, StatusError, statusName } from '@giftmesh/kernel-errors';
import { systemClock } from '@giftmesh/kernel-time';
import {
  currentCall,
  metadataFrom,
  openOutgoingCall,
  runInCall,
  runOutsideCall,
  type OutgoingCall,
} from '@giftmesh/mesh-context';
import { DEADLINE_HEADER, formatDeadlineStamp } from '@giftmesh/mesh-deadline';
import { fromGrpcError } from '@giftmesh/mesh-errors';
import type { MethodPolicy } from '@giftmesh/mesh-policy';
import type { ClientSetting } from './client-interceptor';

/** How an interceptor of grpc-js gets to the one behind it. */
export type NextCall = (options: InterceptorOptions) => Native;
/** A call of grpc-js. */
export type Native = ConstructorParameters<typeof InterceptingCall>[0];
/** Whom a call of grpc-js tells what came back. */
export type Listener = Required<NonNullable<Parameters<Native['start']>[1]>>;

/** What both kinds of intercepted calls do alike: open the call, start it over grpc-js, read how it ended. */
export abstract class ClientCall extends InterceptingCall {
  protected readonly setting: ClientSetting;
  readonly #policy: MethodPolicy;
  readonly #options: InterceptorOptions;
  readonly #nextCall: NextCall;
  /** Where the code that makes the call runs; what comes back is told there. */
  readonly #caller = currentCall();
  #latest: Native | undefined;

  constructor(setting: ClientSetting, policy: MethodPolicy, options: InterceptorOptions, nextCall: NextCall) {
    // A call of grpc-js holds a timer from its making, so it is made when it is sure that there will be one.
    super(nobody);
    this.setting = setting;
    this.#policy = policy;
    this.#options = options;
    this.#nextCall = nextCall;
  }

  override getPeer(): string {
    return this.#latest?.getPeer() ?? 'unknown';
  }

  override getAuthContext(): ReturnType<Native['getAuthContext']> {
    return this.#latest?.getAuthContext() ?? null;
  }

  override sendMessage(message: unknown): void {
    this.sendMessageWithContext({}, message);
  }

  /** Opens the call; throws the StatusError of one that has no time. */
  protected open(metadata: Metadata): OutgoingCall {
    const { clock, reserveMs, wheel } = this.setting;
    const { deadline = Infinity, method_definition } = this.#options;
    // grpc-js counts its deadlines on the process's real time, whatever clock is injected.
    const timeoutMs = deadline === Infinity ? Infinity : Number(deadline) - systemClock.nowMs();
    const call = openOutgoingCall({
      method: method_definition.path,
      policy: this.#policy,
      clock,
      timeoutMs,
      reserveMs,
      metadata: textsOf(metadata),
    });
    wheel.add(call);
    return call;
  }

  /** Makes the call, or one try of it, over grpc-js and starts it. Throws the StatusError of one that cannot be made. */
  protected startNative(call: OutgoingCall, metadata: Metadata, listener: Listener): Native {
    if (call.cancelReason !== undefined) throw call.cancelReason;
    const remainingMs = call.remainingMs();
    const toSend = withChanges(metadata, call);
    if (remainingMs < Infinity) {
      toSend.set(DEADLINE_HEADER, formatDeadlineStamp(this.setting.clock.nowMs() + remainingMs));
    }
    const native = this.#nextCall(
      remainingMs === Infinity ? this.#options : { ...this.#options, deadline: systemClock.nowMs() + remainingMs },
    );
    this.#latest = native;
    native.start(toSend, listener);
    call.onCancel((reason) => cancelForGood(native, reason));
    return native;
  }

  /** How a call went by its status: undefined for OK. Gives its trailers, and who sent them, to the policies. */
  protected read(call: OutgoingCall, native: Native | undefined, status: StatusObject): StatusError | undefined {
    call.peer = native?.getPeer();
    call.trailers = metadataFrom(status.metadata);
    if (call.cancelReason !== undefined) return call.cancelReason;
    return status.code === (StatusCode.OK as number) ? undefined : fromGrpcError(status);
  }

  /** Tells the caller something, in its own context. */
  protected tell(fn: () => void): void {
    if (this.#caller === undefined) runOutsideCall(fn);
    else runInCall(this.#caller, fn);
  }
}

/**
 * Cancels a call of grpc-js, and once more in the next turn of the event loop: one that is cancelled in the turn in which it was started
 * still goes out, and nobody tells the server, where it stays open (seen on grpc-js 1.14.7, whose filters run in between).
 */
export function cancelForGood(native: Native, reason: StatusError): void {
  native.cancelWithStatus(reason.code, reason.message);
  setImmediate(() => native.cancelWithStatus(reason.code, reason.message));
}

/** The reason of a call that its caller cancels. */
export function cancelledWith(code: number, message: string): StatusError {
  return new StatusError({ code: code as StatusCode, reason: statusName(code), message });
}

function textsOf(metadata: Metadata): Record<string, string> {
  const texts = Object.entries(metadata.getMap()).filter(([, value]) => typeof value === 'string');
  return Object.fromEntries(texts) as Record<string, string>;
}

/** The caller's metadata with what policies set; keys that no policy touched keep all of their values. */
function withChanges(metadata: Metadata, call: OutgoingCall): Metadata {
  const changed = metadata.clone();
  try {
    for (const [name, value] of call.metadata) if (metadata.get(name)[0] !== value) changed.set(name, value);
  } catch (cause) {
    throw new StatusError({
      code: StatusCode.INTERNAL,
      reason: 'INVALID_METADATA',
      message: `metadata of ${call.method} that HTTP/2 cannot carry`,
      cause,
    });
  }
  return changed;
}

const ignore = (): void => undefined;
const nobody: Native = {
  cancelWithStatus: ignore,
  getPeer: () => 'unknown',
  start: ignore,
  sendMessageWithContext: ignore,
  sendMessage: ignore,
  startRead: ignore,
  halfClose: ignore,
  getAuthContext: () => null,
};
