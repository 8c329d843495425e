import type { interaction } from '@giftmesh/contract';

/** A message of a room, and what the room had shown when it stood. */
export interface RoomMessage {
  /** Larger than that of every earlier message of the instance. */
  readonly sequence: number;
  readonly response: interaction.WatchRoomResponse;
  /** Gift events that the room's messages have shown up to this one, included. */
  readonly eventsShown: number;
  /** What was paid for them. */
  readonly coinsShown: bigint;
}

/** The last messages of a room. Readers keep their own place, a running number that begins at 0, and are not known here. */
export class MessageRing {
  #messages: RoomMessage[] = [];
  /** Index of the oldest message that is still kept. */
  #head = 0;
  /** Running number of the message at index 0. */
  #base = 0;
  #lastDropped: RoomMessage | undefined;

  /**
   * @param max the most messages that are kept.
   * @param startSequence places behind this or a later sequence number can be followed.
   */
  constructor(
    private readonly max: number,
    private readonly startSequence: number,
  ) {}

  /** Running number of the oldest message. */
  get first(): number {
    return this.#base + this.#head;
  }

  /** Running number that the next message will get. */
  get end(): number {
    return this.#base + this.#messages.length;
  }

  /** The message that is not kept any more and came last; what it had shown is what a reader at the start has missed. */
  get lastDropped(): RoomMessage | undefined {
    return this.#lastDropped;
  }

  get last(): RoomMessage | undefined {
    return this.#messages[this.#messages.length - 1];
  }

  /** The sequence number behind which nothing is missing. */
  get completeBehind(): number {
    return this.#lastDropped?.sequence ?? this.startSequence;
  }

  append(message: RoomMessage): void {
    this.#messages.push(message);
    if (this.#messages.length - this.#head <= this.max) return;
    this.#lastDropped = this.#messages[this.#head];
    this.#head += 1;
    if (this.#head < this.max) return;
    this.#messages = this.#messages.slice(this.#head);
    this.#base += this.#head;
    this.#head = 0;
  }

  /** The message with a running number, undefined when it is not there. */
  at(running: number): RoomMessage | undefined {
    return running < this.first ? undefined : this.#messages[running - this.#base];
  }

  /** Running number of the first message behind a sequence number; undefined when one that stood there is gone. */
  behind(sequence: number): number | undefined {
    if (sequence < this.completeBehind) return undefined;
    let low = this.#head;
    let high = this.#messages.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#messages[middle] as RoomMessage).sequence <= sequence) low = middle + 1;
      else high = middle;
    }
    return this.#base + low;
  }
}
