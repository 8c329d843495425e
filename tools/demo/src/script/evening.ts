import type { Gift } from '@giftmesh/domain-gifts';
import { seededRandom, type Random } from '@giftmesh/kernel-random';
import { audienceOf, GIVEN_BY_GIVERS_SHARE, type Viewer } from './audience';
import { Bursts, type Moment } from './bursts';
import { GiftChoice } from './gift-choice';
import { streamersOf, type Streamer } from './stage';
import { exponential, WeightedPick, zipf } from './weighted';

/** One gift that is going to be sent. */
export interface PlannedGift {
  /** Since the evening began. */
  readonly atMs: number;
  readonly viewer: Viewer;
  readonly gift: Gift;
  readonly count: number;
  readonly recipientIds: readonly bigint[];
  /** Empty outside of combos. */
  readonly comboKey: string;
  /** Her phone loses the answer and sends the same event once more. */
  readonly isRepeated: boolean;
  /** What it costs, coins. */
  readonly coins: bigint;
}

/** What is going to happen; the same for the same seed and numbers. */
export interface Evening {
  readonly viewers: readonly Viewer[];
  /** In order of time. */
  readonly gifts: readonly PlannedGift[];
  readonly durationMs: number;
}

/** What an evening is made from. */
export interface EveningOptions {
  readonly seed: number;
  readonly gifts: number;
  readonly viewers: number;
  readonly streamers: number;
  readonly durationMs: number;
}

const COMBO_CHANCE = 0.12;
/** Sends of a combo, on average and at most. */
const [COMBO_MEAN, COMBO_MAX] = [8, 60];
const COMBO_GAP_MS = { min: 60, max: 160 };
const COMBO_COUNTS = [1, 1, 1, 10] as const;
const SEVERAL_CHANCE = 0.1;
const SEVERAL_MAX = 5;
const REPEAT_CHANCE = 0.005;
/** How unequal the givers are among each other. */
const GIVER_EXPONENT = 0.8;

/** Writes the script of an evening. */
export function writeEvening(options: EveningOptions): Evening {
  const random = seededRandom(options.seed);
  const viewers = audienceOf(random, options.viewers, options.streamers);
  const writer = new EveningWriter(random, viewers, options);
  const fromGivers = Math.round(options.gifts * GIVEN_BY_GIVERS_SHARE);
  while (writer.gifts.length < fromGivers) writer.giversMoment(fromGivers - writer.gifts.length);
  while (writer.gifts.length < options.gifts) writer.othersMoment();
  const gifts = writer.gifts.sort((a, b) => a.atMs - b.atMs);
  return { viewers, gifts, durationMs: Math.max(options.durationMs, gifts.at(-1)?.atMs ?? 0) };
}

class EveningWriter {
  readonly gifts: PlannedGift[] = [];
  readonly #random: Random;
  readonly #choice = new GiftChoice();
  readonly #bursts: Bursts;
  readonly #givers: WeightedPick<Viewer>;
  readonly #giversOf = new Map<Streamer, WeightedPick<Viewer>>();
  readonly #others: readonly Viewer[];
  readonly #onStage: ReadonlyMap<bigint, readonly bigint[]>;
  #combos = 0;

  constructor(random: Random, viewers: readonly Viewer[], { durationMs, streamers }: EveningOptions) {
    this.#random = random;
    const givers = viewers.filter(({ isGiver }) => isGiver);
    const weightOf = (_: Viewer, index: number): number => zipf(index, GIVER_EXPONENT);
    this.#givers = new WeightedPick(givers, weightOf);
    for (const star of new Set(viewers.map(({ favourite }) => favourite))) {
      const own = givers.filter(({ favourite }) => favourite === star);
      if (own.length > 0) this.#giversOf.set(star, new WeightedPick(own, weightOf));
    }
    this.#others = viewers.filter(({ isGiver }) => !isGiver);
    this.#bursts = new Bursts(random, durationMs, () => random.pick(viewers).favourite);
    const rooms = new Set(viewers.map(({ favourite }) => favourite.room));
    const onTonight = new Set(streamersOf(streamers).map(({ streamerId }) => streamerId));
    this.#onStage = new Map(
      [...rooms].map((room) => [room.roomId, room.streamerIds.filter((id) => onTonight.has(id))]),
    );
  }

  /** One gift or a combo of a giver, at most `giftsMax` events. */
  giversMoment(giftsMax: number): void {
    const random = this.#random;
    const moment = this.#bursts.next(random);
    const audience = moment.streamer === undefined ? undefined : this.#giversOf.get(moment.streamer);
    const viewer = (audience ?? this.#givers).pick(random);
    if (viewer === undefined) throw new RangeError('nobody in the audience gives');
    const gift = this.#choice.pick(random, true);
    if (gift.comboWindowMs > 0 && random.chance(COMBO_CHANCE)) this.#combo(moment, viewer, gift, giftsMax);
    else this.#add(moment.atMs, viewer, gift, this.#choice.count(random, gift), this.#recipients(viewer, gift), '');
  }

  /** A small gift of somebody who hardly gives. */
  othersMoment(): void {
    const viewer = this.#others.length > 0 ? this.#random.pick(this.#others) : this.#givers.pick(this.#random);
    if (viewer === undefined) throw new RangeError('nobody is in the audience');
    const { atMs } = this.#bursts.next(this.#random);
    this.#add(atMs, viewer, this.#choice.pick(this.#random, false), 1, [viewer.favourite.streamerId], '');
  }

  #combo({ atMs }: Moment, viewer: Viewer, gift: Gift, giftsMax: number): void {
    const random = this.#random;
    const comboKey = `c${(this.#combos += 1)}`;
    const count = random.pick(COMBO_COUNTS);
    const sends = Math.min(giftsMax, COMBO_MAX, 2 + Math.floor(exponential(random, COMBO_MEAN - 2)));
    for (let send = 0, at = atMs; send < sends; send += 1) {
      this.#add(at, viewer, gift, count, [viewer.favourite.streamerId], comboKey);
      at += random.integer(COMBO_GAP_MS.min, COMBO_GAP_MS.max);
    }
  }

  /** Mostly her favourite, now and then some others on the same stage too. */
  #recipients({ favourite }: Viewer, { maxRecipients }: Gift): readonly bigint[] {
    const others = (this.#onStage.get(favourite.room.roomId) ?? []).filter((id) => id !== favourite.streamerId);
    if (others.length === 0 || !this.#random.chance(SEVERAL_CHANCE)) return [favourite.streamerId];
    const several = this.#random.integer(1, Math.min(others.length, maxRecipients - 1, SEVERAL_MAX - 1));
    return [favourite.streamerId, ...others.slice(0, several)];
  }

  #add(
    atMs: number,
    viewer: Viewer,
    gift: Gift,
    count: number,
    recipientIds: readonly bigint[],
    comboKey: string,
  ): void {
    this.gifts.push({
      ...{ atMs, viewer, gift, count, recipientIds, comboKey },
      isRepeated: this.#random.chance(REPEAT_CHANCE),
      coins: gift.price * BigInt(count * recipientIds.length),
    });
  }
}
