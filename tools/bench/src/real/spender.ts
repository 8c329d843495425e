import { randomInt } from 'node:crypto';
import { credentials, Metadata, status, type ServiceError } from '@grpc/grpc-js';
import { common, interaction, station } from '@giftmesh/contract';
import { seededCatalogue } from '@giftmesh/domain-gifts';
import { uuidV7Source } from '@giftmesh/kernel-ids';
import { seededRandom } from '@giftmesh/kernel-random';
import { systemClock } from '@giftmesh/kernel-time';

const { AssetType, BizType, EventOutcome, EventType } = common;

const SPEND_EVERY_MS = 100;
const DEADLINE_MS = 10_000;

export interface SpenderOptions {
  /** `host:port`. */
  readonly interaction: string;
  readonly station: string;
  readonly roomId: bigint;
  /** Who spends: she was never recharged, so all that she spends she has earned. */
  readonly streamerId: bigint;
  /** Who gets her gifts. */
  readonly friendId: bigint;
}

type Done<R> = (error: ServiceError | null, response: R) => void;

/**
 * A streamer who spends what she has just earned: in turns she takes out half of the balance that she sees, and gives the dearest gift
 * that the balance buys to a friend.
 */
export class Spender {
  withdrawals = 0;
  gifts = 0;
  /** Coins that she has spent. */
  spent = 0n;
  /** Coins that she saw last. */
  balance = 0n;
  /** What she was refused though she saw the balance for it; none is meant to be. */
  readonly refusals: string[] = [];
  /** Calls that nobody answered in time. */
  unanswered = 0;
  readonly #station: station.PaymentStationServiceClient;
  readonly #interaction: interaction.InteractionServiceClient;
  readonly #newEventId = uuidV7Source(systemClock, seededRandom(randomInt(2 ** 31)));
  readonly #prices = [...seededCatalogue().gifts].sort((a, b) => Number(b.price - a.price));
  #running: Promise<void> = Promise.resolve();
  #isStopping = false;

  constructor(private readonly options: SpenderOptions) {
    this.#station = new station.PaymentStationServiceClient(options.station, credentials.createInsecure());
    this.#interaction = new interaction.InteractionServiceClient(options.interaction, credentials.createInsecure());
  }

  start(): void {
    this.#running = this.#run();
  }

  /** Resolves when what she began has ended. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    await this.#running;
    this.#station.close();
    this.#interaction.close();
  }

  async #run(): Promise<void> {
    for (let turn = 0; !this.#isStopping; turn += 1) {
      try {
        this.balance = await this.#seenBalance();
        if (this.balance > 1n) await (turn % 2 === 0 ? this.#withdraw(this.balance / 2n) : this.#give());
      } catch (error) {
        if (isUnanswered(error)) this.unanswered += 1;
        else this.refusals.push((error as Error).message);
      }
      await new Promise((resolve) => setTimeout(resolve, SPEND_EVERY_MS));
    }
  }

  async #seenBalance(): Promise<bigint> {
    const request = { userIds: [this.options.streamerId], cachedOnly: false };
    const { users } = await answerOf<station.GetAssetsResponse>((done) =>
      this.#station.getAssets(request, new Metadata(), deadline(), done),
    );
    return users[0]?.assets.find(({ assetType }) => assetType === AssetType.COIN)?.balance ?? 0n;
  }

  async #withdraw(coins: bigint): Promise<void> {
    const { streamerId } = this.options;
    const event: common.AssetEvent = {
      ...{
        eventId: this.#newEventId(),
        opUserId: streamerId,
        eventType: EventType.WITHDRAWAL,
        quantity: 1,
        comboKey: '',
      },
      ...{ bizId: this.options.roomId, bizType: BizType.LIVE, objId: 'payout', toUserChanges: [] },
      opUserChange: { userId: streamerId, assetType: AssetType.COIN, incr: -coins },
    };
    const { results } = await answerOf<station.ChangeAssetsResponse>((done) =>
      this.#station.changeAssets({ events: [event] }, new Metadata(), deadline(), done),
    );
    const outcome = results[0]?.outcome ?? EventOutcome.UNKNOWN;
    if (outcome === EventOutcome.UNKNOWN) {
      this.unanswered += 1;
      return;
    }
    if (outcome !== EventOutcome.APPLIED) throw new Error(`a withdrawal was ${EventOutcome[outcome]}`);
    this.withdrawals += 1;
    this.spent += coins;
  }

  async #give(): Promise<void> {
    const { roomId, streamerId, friendId } = this.options;
    const gift = this.#prices.find(({ price }) => price <= this.balance);
    if (gift === undefined) return;
    const request: interaction.SendGiftRequest = {
      ...{ eventId: this.#newEventId(), viewerId: streamerId, roomId, giftId: gift.giftId, count: 1, comboKey: '' },
      recipientIds: [friendId],
    };
    const { coins } = await answerOf<interaction.SendGiftResponse>((done) =>
      this.#interaction.sendGift(request, new Metadata(), deadline(), done),
    );
    this.gifts += 1;
    this.spent += coins;
  }
}

/** Statuses that leave open whether it was done, or that say that nobody had the time. */
const UNANSWERED: readonly (number | undefined)[] = [
  ...[status.DEADLINE_EXCEEDED, status.UNAVAILABLE, status.RESOURCE_EXHAUSTED, status.CANCELLED],
];

function isUnanswered(error: unknown): boolean {
  return UNANSWERED.includes((error as Partial<ServiceError>).code);
}

function deadline(): { deadline: number } {
  return { deadline: Date.now() + DEADLINE_MS };
}

function answerOf<R>(call: (done: Done<R>) => void): Promise<R> {
  return new Promise((resolve, reject) => {
    call((error, response) => (error === null ? resolve(response) : reject(error)));
  });
}
