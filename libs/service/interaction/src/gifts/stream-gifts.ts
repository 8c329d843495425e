import type { interaction } from '@giftmesh/contract';
import type { Clock } from '@giftmesh/kernel-time';
import { currentCall } from '@giftmesh/mesh-context';
import type { InteractionOptions } from '../options';
import { endWithCall, failedStream } from '../streams';
import { carriedBy } from './carried';
import type { GiftDesk } from './gift-desk';
import { GiftStream } from './gift-stream';
import { refuseIfStress } from './send-gift';

/** All StreamGifts calls that are open. */
export class GiftStreams {
  readonly #open = new Set<GiftStream>();

  constructor(
    private readonly desk: GiftDesk,
    private readonly clock: Clock,
    private readonly options: InteractionOptions,
    private readonly shadow = false,
  ) {}

  get open(): number {
    return this.#open.size;
  }

  /** The handler of StreamGifts. */
  readonly handle = (
    requests: AsyncIterable<interaction.StreamGiftsRequest>,
  ): AsyncIterableIterator<interaction.StreamGiftsResponse> => {
    const { desk, clock, options } = this;
    const call = currentCall();
    try {
      if (!this.shadow) refuseIfStress(call);
    } catch (error) {
      return failedStream(error);
    }
    const stream: GiftStream = new GiftStream({
      desk,
      clock,
      options,
      requests,
      carried: carriedBy(call),
      onEnd: () => this.#open.delete(stream),
    });
    this.#open.add(stream);
    endWithCall(
      call,
      () => void stream.return(),
      () => stream.drain(),
    );
    return stream;
  };

  /** Lets every stream answer what it has read, and end. */
  drain(): void {
    for (const stream of this.#open) stream.drain();
  }
}
