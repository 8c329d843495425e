import type { Metadata, StatusObject } from '@grpc/grpc-js';
import type { StatusError } from '@giftmesh/kernel-errors';
import type { OutgoingCall } from '@giftmesh/mesh-context';
import { cancelledWith, ClientCall, type Listener, type Native } from './client-call';

/** A call that goes to grpc-js as it comes: policies are asked before it and told its end. */
export class DirectClientCall extends ClientCall {
  #call: OutgoingCall | undefined;
  #native: Native | undefined;
  #begun = 0;

  override start(metadata: Metadata, listener?: Partial<Listener>): void {
    try {
      const call = this.open(metadata);
      this.#call = call;
      for (const policy of this.setting.policies) {
        policy.begin?.(call);
        this.#begun += 1;
      }
      this.#native = this.startNative(call, metadata, {
        onReceiveMetadata: (received) => this.tell(() => listener?.onReceiveMetadata?.(received)),
        onReceiveMessage: (message) => this.tell(() => listener?.onReceiveMessage?.(message)),
        onReceiveStatus: (status) => {
          const error = this.read(call, this.#native, status);
          this.#end(error);
          const told =
            error !== undefined && error === call.cancelReason ? this.setting.statuses.statusOf(error) : status;
          this.tell(() => listener?.onReceiveStatus?.(told));
        },
      });
    } catch (thrown) {
      this.#refuse(thrown, listener);
    }
  }

  override sendMessageWithContext(context: Parameters<Native['sendMessageWithContext']>[0], message: unknown): void {
    if (this.#native !== undefined) this.#native.sendMessageWithContext(context, message);
    // A writer that waits for its message to leave would wait for ever.
    else context.callback?.();
  }

  override startRead(): void {
    this.#native?.startRead();
  }

  override halfClose(): void {
    this.#native?.halfClose();
  }

  override cancelWithStatus(code: number, details: string): void {
    this.#call?.cancel(cancelledWith(code, details));
  }

  #refuse(thrown: unknown, listener: Partial<Listener> | undefined): void {
    const error = this.setting.statuses.errorOf(thrown, this.#call?.method ?? '');
    this.#end(error);
    const status: StatusObject = this.setting.statuses.statusOf(error);
    // Not now: the caller has not yet been given the call that it would listen to.
    queueMicrotask(() => this.tell(() => listener?.onReceiveStatus?.(status)));
  }

  #end(error: StatusError | undefined): void {
    const call = this.#call;
    if (call === undefined) return;
    this.setting.wheel.delete(call);
    call.finish();
    for (; this.#begun > 0; this.#begun -= 1) this.setting.policies[this.#begun - 1]?.end?.(call, error);
  }
}
