import type { Random } from '@giftmesh/kernel-random';
import type { MeshClients } from '@giftmesh/test-harness';
import type { Answer } from './answers';
import type { Asked, AskedGift } from './asked';
import { sendConflictingRecharge, sendGift, sendRecharge, sendReversal } from './calls';
import { usersOf } from './cast';
import type { Counts } from './counts';
import { GiftStream } from './gift-stream';

/** SendGift calls at once. */
const UNARY_WORKERS = 24;
const RECHARGE_WORKERS = 2;
/** Gifts in one message of the stream, at most. */
const STREAM_MESSAGE_MAX = 48;
/**
 * New gifts in one life: a burst at once, more as time goes on. So the oracle's memory is bounded by the number of lives, and
 * a late kill still meets new gifts.
 */
const NEW_GIFTS_AT_ONCE = 100;
const NEW_GIFTS_PER_MS = 0.8;
/** The same gift from two places at once: how likely. */
const TWICE = 0.08;
/** Sending one again that was asked for before: how likely. */
const AGAIN = 0.25;
/** The same while many have no answer: later kills must find them retried. */
const AGAIN_WHEN_MANY = 0.6;
const MANY_UNDECIDED = 300;
/** How long clients send at full speed before a kill, milliseconds. */
const FULL_SPEED_MS = 15;

/** A SendGift that was sent. */
export interface SentCall {
  /** Milliseconds, as `performance.now` counts them. */
  readonly startedAtMs: number;
  /** Undefined while it is under way. */
  answer: Answer | undefined;
}

/** Clients' load on one life of the process: bursts of gifts over unary calls and a stream, recharges, reversals, reads. */
export class Load {
  readonly #stream: GiftStream;
  readonly #startedAtMs = performance.now();
  readonly #calls = new Set<SentCall>();
  #newGifts = 0;
  #stopped = false;
  #burst = true;
  #timer: NodeJS.Timeout | undefined;
  #answers = 0;
  readonly #workers: Promise<void>[] = [];
  readonly #answerWaits: { readonly count: number; readonly resolve: () => void }[] = [];

  constructor(
    private readonly mesh: MeshClients,
    private readonly asked: Asked,
    private readonly random: Random,
    private readonly counts: Counts,
  ) {
    this.#stream = new GiftStream(mesh, asked, (answer) => this.#onAnswer(answer));
    this.#switchBurst();
    for (let worker = 0; worker < UNARY_WORKERS; worker += 1) this.#workers.push(this.#sendGifts());
    for (let worker = 0; worker < RECHARGE_WORKERS; worker += 1) this.#workers.push(this.#recharge());
    this.#workers.push(this.#streamGifts(), this.#reverse(), this.#read());
  }

  get stream(): GiftStream {
    return this.#stream;
  }

  /** SendGift calls under way; each gets its answer when it ends. */
  get callsInFlight(): readonly SentCall[] {
    return [...this.#calls];
  }

  /** Resolves when this many gifts were answered in this life, or the load was stopped. */
  answers(count: number): Promise<void> {
    return new Promise((resolve) => {
      if (this.#stopped || this.#answers >= count) resolve();
      else this.#answerWaits.push({ count, resolve });
    });
  }

  /** Ends a pause between bursts, and resolves when much is under way: a kill in a pause would find nothing to lose. */
  async atFullSpeed(): Promise<void> {
    clearTimeout(this.#timer);
    this.#burst = true;
    await pause(FULL_SPEED_MS);
  }

  /** Nothing more is sent; resolves when everything under way has ended. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    for (const { resolve } of this.#answerWaits) resolve();
    this.#stream.finish();
    await Promise.all(this.#workers);
    await this.#stream.ended;
  }

  #next(): AskedGift | undefined {
    const isAgain = this.random.chance(this.asked.undecided.size > MANY_UNDECIDED ? AGAIN_WHEN_MANY : AGAIN);
    const allowed = NEW_GIFTS_AT_ONCE + NEW_GIFTS_PER_MS * (performance.now() - this.#startedAtMs);
    if (isAgain || this.#newGifts >= allowed) return this.asked.oldGift();
    this.#newGifts += 1;
    return this.asked.newGift();
  }

  async #sendGifts(): Promise<void> {
    while (!this.#stopped) {
      const gift = this.#burst ? this.#next() : undefined;
      if (gift === undefined) {
        await pause(5);
        continue;
      }
      const sends = [this.#send(gift)];
      if (this.random.chance(TWICE)) {
        if (this.random.chance(0.5) && this.#stream.room > 0) this.#stream.send([gift]);
        else sends.push(this.#send(gift));
      }
      const [answer] = await Promise.all(sends);
      // Not at full speed into a process that is gone.
      if (answer?.kind === 'unknown') await pause(20);
      else if (this.#newGifts > NEW_GIFTS_AT_ONCE) await pause(this.random.integer(0, 8));
    }
  }

  async #send(gift: AskedGift): Promise<Answer> {
    const call: SentCall = { startedAtMs: performance.now(), answer: undefined };
    this.#calls.add(call);
    const answer = await sendGift(this.mesh, this.asked, gift);
    this.#calls.delete(call);
    call.answer = answer;
    this.#onAnswer(answer);
    return answer;
  }

  async #streamGifts(): Promise<void> {
    while (!this.#stopped && this.#stream.open) {
      if (this.#burst && this.#stream.room > STREAM_MESSAGE_MAX) {
        const gifts = Array.from({ length: this.random.integer(1, STREAM_MESSAGE_MAX) }, () => this.#next());
        this.#stream.send(gifts.filter((gift) => gift !== undefined));
      }
      await pause(this.random.integer(1, 20));
    }
  }

  async #recharge(): Promise<void> {
    while (!this.#stopped) {
      const open = this.asked.recharges.find(({ intent, inFlight }) => !intent.acknowledged && inFlight === 0);
      const kind = this.random.next();
      if (open !== undefined && kind < 0.7) await sendRecharge(this.mesh, this.asked, open);
      else if (kind < 0.9 || this.asked.recharges.length === 0) {
        const recharge = this.asked.newRecharge();
        await Promise.all([
          sendRecharge(this.mesh, this.asked, recharge),
          ...(this.random.chance(0.1) ? [sendRecharge(this.mesh, this.asked, recharge)] : []),
        ]);
      } else {
        const again = this.random.pick(this.asked.recharges);
        if (again.intent.acknowledged && this.random.chance(0.5))
          await sendConflictingRecharge(this.mesh, this.asked, again);
        else await sendRecharge(this.mesh, this.asked, again);
      }
      await pause(this.random.integer(5, 40));
    }
  }

  async #reverse(): Promise<void> {
    while (!this.#stopped) {
      await pause(this.random.integer(40, 160));
      if (this.#stopped) return;
      const open = this.asked.reversals.find(({ intent }) => intent.reversed === undefined && !intent.refused);
      const again = this.random.chance(0.2) && this.asked.reversals.length > 0;
      const reversal = open ?? (again ? this.random.pick(this.asked.reversals) : this.asked.newReversal());
      if (reversal !== undefined) await sendReversal(this.mesh, this.asked, reversal, this.counts);
    }
  }

  /** Rooms are entered and balances read all the while. What they say is only compared at rest. */
  async #read(): Promise<void> {
    const { cast } = this.asked;
    while (!this.#stopped) {
      const viewerId = this.random.pick(cast.viewers);
      const { roomId } = this.random.pick(cast.rooms);
      const users = usersOf(cast).filter(() => this.random.chance(0.2));
      await Promise.allSettled([
        this.mesh.interaction.call.enterRoom({ roomId, viewerId }, { timeoutMs: 2_000 }),
        this.mesh.station.call.getAssets({ userIds: [viewerId, ...users], cachedOnly: false }, { timeoutMs: 1_000 }),
      ]);
      await pause(this.random.integer(5, 30));
    }
  }

  #switchBurst(): void {
    this.#timer = setTimeout(
      () => {
        this.#burst = !this.#burst;
        this.#switchBurst();
      },
      this.#burst ? this.random.integer(40, 200) : this.random.integer(5, 60),
    );
  }

  #onAnswer(answer: Answer): void {
    if (answer.kind !== 'decided') return;
    this.#answers += 1;
    while (this.#answerWaits.length > 0 && (this.#answerWaits[0]?.count ?? 0) <= this.#answers)
      this.#answerWaits.shift()?.resolve();
  }
}

const pause = (delayMs: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, delayMs));
