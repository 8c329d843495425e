import type { Cancel } from '@giftmesh/kernel-time';
import type { RoomHub } from '../hub/room-hub';
import { firstPlaces, type ReadPlaces } from '../leaderboard-entries';
import type { InteractionOptions } from '../options';
import type { InteractionPorts } from '../ports';

/** How often a room's ranking is looked at behind its last gift: whoever counts the gift may be some seconds behind. */
export const LOOKS_BEHIND_A_GIFT = 5;

/** Announces first places to those who watch, when others hold them than before. */
export class RankNews {
  /** Rooms to look at, and how many looks are left. */
  readonly #rooms = new Map<bigint, number>();
  #cancelLook: Cancel | undefined;
  #looking = false;
  #stopped = false;

  constructor(
    private readonly ports: Pick<InteractionPorts, 'clock' | 'isShed'>,
    private readonly options: Pick<InteractionOptions, 'rankedPlaces' | 'rankLookMs'>,
    private readonly hub: RoomHub,
    private readonly read: ReadPlaces,
  ) {}

  /** Of rooms whose scores have just been written. Never rejects. */
  async announce(roomIds: Iterable<bigint>): Promise<void> {
    if (this.ports.isShed?.('rankings') === true) return;
    for (const roomId of this.hub.watched(roomIds)) {
      try {
        this.hub.showRank(roomId, await firstPlaces(this.read, this.options.rankedPlaces, roomId));
      } catch {
        // The next change of the room's scores tries again; rankings that callers ask for report the failure.
        return;
      }
    }
  }

  /** Where others write the scores: looks at the room's ranking for a while, every `rankLookMs`. */
  lookAt(roomId: bigint): void {
    if (!this.hub.isWatched(roomId)) return;
    this.#rooms.set(roomId, LOOKS_BEHIND_A_GIFT);
    this.#plan();
  }

  /** Looks no more. */
  stop(): void {
    this.#stopped = true;
    this.#cancelLook?.();
    this.#rooms.clear();
  }

  #plan(): void {
    if (this.#cancelLook !== undefined || this.#looking || this.#stopped || this.#rooms.size === 0) return;
    this.#cancelLook = this.ports.clock.schedule(this.options.rankLookMs, () => {
      this.#cancelLook = undefined;
      void this.#look();
    });
  }

  async #look(): Promise<void> {
    const rooms = [...this.#rooms.keys()];
    for (const [roomId, left] of this.#rooms)
      if (left > 1) this.#rooms.set(roomId, left - 1);
      else this.#rooms.delete(roomId);
    this.#looking = true;
    await this.announce(rooms);
    this.#looking = false;
    this.#plan();
  }
}
