import { BroadcastChannel } from 'node:worker_threads';
import type { Codec, SettledNotice, SettledNotices } from '@giftmesh/domain-money';

/** Settled notices between the threads of one process, over a broadcast channel: nothing is kept for those who are not there. */
export class ThreadSettledNotices implements SettledNotices {
  /** @param channel name of the channel; unique for the data that the notices are about. */
  constructor(
    private readonly channel: string,
    private readonly codec: Codec<SettledNotice>,
  ) {}

  #sender: BroadcastChannel | undefined;

  async publish(notice: SettledNotice): Promise<void> {
    if (this.#sender === undefined) {
      this.#sender = new BroadcastChannel(this.channel);
      this.#sender.unref();
    }
    this.#sender.postMessage(this.codec.encode(notice));
  }

  subscribe(onNotice: (notice: SettledNotice) => void): () => Promise<void> {
    const receiver = new BroadcastChannel(this.channel);
    receiver.unref();
    receiver.onmessage = (message) => {
      const { data } = message as { data: Uint8Array };
      onNotice(this.codec.decode(data));
    };
    return async () => receiver.close();
  }

  /** Ends publishing. */
  close(): void {
    this.#sender?.close();
    this.#sender = undefined;
  }
}
