import { setTimeout as pause } from 'node:timers/promises';
import type { interaction } from '@giftmesh/contract';
import { StatusCode, StatusError } from '@giftmesh/kernel-errors';
import type { Evening, PlannedGift } from '../script/evening';
import type { Wallet } from '../script/wallets';
import type { Cashier } from './cashier';
import type { MeshClients } from './mesh-clients';
import type { Tally } from './tally';

/** Gifts without an answer at once. */
const IN_FLIGHT_MAX = 256;
/** Calls of one event. */
const TRIES_MAX = 7;
const FIRST_RETRY_MS = 50;
/** Viewers who come in at once. */
const ENTERING_MAX = 64;
/** The reasons for which nothing is known, so that the same event is sent again. */
const RETRYABLE: readonly StatusCode[] = [
  StatusCode.UNAVAILABLE,
  StatusCode.DEADLINE_EXCEEDED,
  StatusCode.RESOURCE_EXHAUSTED,
  StatusCode.ABORTED,
];

/** What the player works with. */
export interface PlayerOptions {
  readonly clients: MeshClients;
  readonly cashier: Cashier;
  readonly wallets: ReadonlyMap<bigint, Wallet>;
  readonly tally: Tally;
  readonly newEventId: () => string;
  readonly signal: AbortSignal;
}

/** Plays the audience's part: everybody comes in, and gives at her time. */
export class Player {
  readonly #options: PlayerOptions;
  readonly #topUps = new Map<bigint, Promise<void>>();

  constructor(options: PlayerOptions) {
    this.#options = options;
  }

  /** Recharges and brings in all viewers; tells `onEntered` how many are there. Rejects when a call fails. */
  async enter({ viewers }: Evening, onEntered: (count: number) => void): Promise<void> {
    const { clients, cashier, wallets, signal } = this.#options;
    let next = 0;
    let entered = 0;
    const usher = async (): Promise<void> => {
      for (let viewer = viewers[next++]; viewer !== undefined; viewer = viewers[next++]) {
        const coins = wallets.get(viewer.viewerId)?.coins ?? 0n;
        if (coins > 0n) await cashier.recharge(viewer.viewerId, coins);
        const { roomId } = viewer.favourite.room;
        await clients.interaction.enterRoom({ roomId, viewerId: viewer.viewerId });
        signal.throwIfAborted();
        onEntered((entered += 1));
      }
    };
    await Promise.all(Array.from({ length: ENTERING_MAX }, usher));
  }

  /** Sends all gifts at their times, or as soon as the mesh lets it. Rejects with the signal's reason some time after it aborts. */
  async play({ gifts }: Evening): Promise<void> {
    const { signal } = this.#options;
    const startMs = performance.now();
    let next = 0;
    const hand = async (): Promise<void> => {
      for (let planned = gifts[next++]; planned !== undefined; planned = gifts[next++]) {
        const waitMs = startMs + planned.atMs - performance.now();
        if (waitMs > 1) await pause(waitMs);
        signal.throwIfAborted();
        await this.#give(planned);
      }
    };
    await Promise.all(Array.from({ length: Math.min(IN_FLIGHT_MAX, gifts.length) }, hand));
  }

  async #give(planned: PlannedGift): Promise<void> {
    const { tally } = this.#options;
    for (let mayTopUp = true; ; mayTopUp = false) {
      const request = this.#requestFor(planned);
      tally.sent += 1;
      const answer = await this.#send(request);
      if (answer === undefined) return;
      if (answer !== 'refused') {
        tally.addApplied(planned, answer.comboCount);
        if (answer.coins !== planned.coins) tally.addWrong('a gift cost something else than its price');
        if (planned.isRepeated) await this.#repeat(request, answer);
        return;
      }
      tally.refused += 1;
      if (!mayTopUp || !(await this.#topUp(planned.viewer.viewerId))) return;
    }
  }

  /** The answer, `refused`, or undefined when there was none: then it has been counted. */
  async #send(request: interaction.SendGiftRequest): Promise<interaction.SendGiftResponse | 'refused' | undefined> {
    const { clients, tally, signal } = this.#options;
    for (let tries = 1; ; tries += 1) {
      const sentMs = performance.now();
      try {
        const answer = await clients.interaction.sendGift(request);
        tally.latenciesMs.push(performance.now() - sentMs);
        return answer;
      } catch (error) {
        signal.throwIfAborted();
        if (!(error instanceof StatusError)) throw error;
        if (error.reason === 'INSUFFICIENT_BALANCE') return 'refused';
        if (!RETRYABLE.includes(error.code)) {
          tally.unknown += 1;
          tally.addWrong(error.toString());
          return undefined;
        }
        if (tries === TRIES_MAX) {
          tally.unknown += 1;
          return undefined;
        }
        tally.retries += 1;
        await pause(FIRST_RETRY_MS * 2 ** (tries - 1));
      }
    }
  }

  /** Sends an event again that has its answer: it must get the same one. */
  async #repeat(request: interaction.SendGiftRequest, first: interaction.SendGiftResponse): Promise<void> {
    const { tally } = this.#options;
    const again = await this.#send(request);
    if (again === undefined) return;
    tally.repeated += 1;
    if (again === 'refused' || !again.duplicate || again.balance !== first.balance || again.coins !== first.coins)
      tally.addWrong('a repeated event got another answer');
  }

  /** Buys more coins, once in an evening; false for viewers who don't. */
  async #topUp(viewerId: bigint): Promise<boolean> {
    const { wallets, cashier } = this.#options;
    const coins = wallets.get(viewerId)?.topUp ?? 0n;
    if (coins === 0n) return false;
    let bought = this.#topUps.get(viewerId);
    if (bought === undefined) this.#topUps.set(viewerId, (bought = cashier.recharge(viewerId, coins)));
    await bought;
    return true;
  }

  #requestFor({ viewer, gift, count, recipientIds, comboKey }: PlannedGift): interaction.SendGiftRequest {
    return {
      eventId: this.#options.newEventId(),
      viewerId: viewer.viewerId,
      roomId: viewer.favourite.room.roomId,
      giftId: gift.giftId,
      count,
      recipientIds: [...recipientIds],
      comboKey,
    };
  }
}
