import type { interaction } from '@giftmesh/contract';
import type { Clock } from '@giftmesh/kernel-time';
import { currentCall } from '@giftmesh/mesh-context';
import type { InteractionOptions } from '../options';
import { endWithCall } from '../streams';
import type { GiftDesk } from './gift-desk';
import { GiftStream } from './gift-stream';

/** All StreamGifts calls that are open. */
export class GiftStreams {
  readonly #open = new Set<GiftStream>();

  constructor(
    private readonly desk: GiftDesk,
    private readonly clock: Clock,
    private readonly options: InteractionOptions,
  ) {}

  get open(): number {
    return this.#open.size;
  }

  /** The handler of StreamGifts. */
  readonly handle = (
    requests: AsyncIterable<interaction.StreamGiftsRequest>,
  ): AsyncIterableIterator<interaction.StreamGiftsResponse> => {
    const { desk, clock, options } = this;
    const stream: GiftStream = new GiftStream({
      desk,
      clock,
      options,
      requests,
      onEnd: () => this.#open.delete(stream),
    });
    this.#open.add(stream);
    endWithCall(
      currentCall(),
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
