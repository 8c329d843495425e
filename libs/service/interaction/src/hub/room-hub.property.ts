import fc from 'fast-check';
import type { interaction } from '@giftmesh/contract';
import { SimulatedClock } from '@giftmesh/kernel-time';
import { readResumeToken } from './resume-token';
import { RoomHub, type RoomHubOptions } from './room-hub';
import type { RoomWatch } from './room-watch';

const OPTIONS: RoomHubOptions = {
  tickMs: 100,
  giftsPerTickMax: 3,
  ringMax: 5,
  idleRoomMs: 1_000_000,
  roomsMax: 10,
  watchersPerRoomMax: 100,
  watchersMax: 100,
};

const act = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('gift' as const),
      coins: fc.integer({ min: 1, max: 9 }),
      combo: fc.integer({ min: 0, max: 3 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('pass' as const), ms: fc.integer({ min: 1, max: 250 }) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('read' as const),
      watcher: fc.nat({ max: 3 }),
      messages: fc.integer({ min: 1, max: 6 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('reconnect' as const), watcher: fc.nat({ max: 3 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('rank' as const), first: fc.bigInt({ min: 1n, max: 3n }) }) },
);

/** A watcher that reads when it is told to, and adds up what it is told. */
class Watcher {
  watch: RoomWatch;
  token = '';
  events = 0n;
  coins = 0n;
  resyncs = 0;
  #isAsking = false;
  #settled: IteratorResult<interaction.WatchRoomResponse, undefined> | undefined;

  constructor(private readonly hub: RoomHub) {
    this.token = hub.enter(1n);
    this.watch = hub.watch(1n, readResumeToken(this.token));
  }

  /** Reads up to so many messages, without waiting for any. True if one was there. */
  async read(messages: number): Promise<boolean> {
    for (let left = messages; left > 0; left -= 1) {
      this.#ask();
      for (let turn = 0; turn < 5; turn += 1) await Promise.resolve();
      const output = this.#settled;
      if (output === undefined) return left < messages;
      this.#settled = undefined;
      this.#isAsking = false;
      if (output.done !== true) this.#add(output.value);
    }
    return true;
  }

  #ask(): void {
    if (this.#isAsking) return;
    this.#isAsking = true;
    const { watch } = this;
    void watch.next().then((output) => {
      if (watch === this.watch) this.#settled = output;
    });
  }

  reconnect(): void {
    this.watch.end();
    this.#settled = undefined;
    this.#isAsking = false;
    this.watch = this.hub.watch(1n, readResumeToken(this.token));
  }

  #add({ event, resumeToken }: interaction.WatchRoomResponse): void {
    expect(Number(resumeToken.split('.')[3])).toBeGreaterThanOrEqual(Number(this.token.split('.')[3]));
    this.token = resumeToken;
    if (event?.$case === 'gift') this.coins += event.value.coins;
    if (event?.$case !== 'missed') return;
    this.coins += event.value.coins;
    this.events += event.value.events;
    if (event.value.resync) this.resyncs += 1;
  }
}

describe('RoomHub', () => {
  it('tells every watcher everything that was paid, shown or summed up, at any pace and over reconnects', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(act, { maxLength: 120 }), async (acts) => {
        const clock = new SimulatedClock();
        const hub = new RoomHub(clock, 'a', OPTIONS, () => Promise.resolve([]));
        const watchers = [1, 2, 3, 4].map(() => new Watcher(hub));
        let paid = 0n;
        for (const one of acts) {
          switch (one.kind) {
            case 'gift': {
              paid += BigInt(one.coins);
              const combo = one.combo === 0 ? undefined : { comboId: `c${one.combo}`, comboKey: 'k', comboCount: 1 };
              hub.showGift(1n, {
                viewerId: 5n,
                giftId: 1,
                recipientIds: [9n],
                count: 1,
                coins: BigInt(one.coins),
                effect: one.coins > 7 ? 'comet' : '',
                combo,
              });
              hub.endTurn();
              break;
            }
            case 'pass':
              clock.advance(one.ms);
              break;
            case 'read':
              await watchers[one.watcher]?.read(one.messages);
              break;
            case 'reconnect':
              // The answer of a read that was under way is lost with its stream, its token is not.
              watchers[one.watcher]?.reconnect();
              break;
            case 'rank':
              hub.showRank(1n, [{ rank: 1, userId: one.first, score: 1n }]);
          }
        }
        clock.advance(OPTIONS.tickMs);
        for (const watcher of watchers) {
          while (await watcher.read(1));
          if (watcher.resyncs === 0) expect(watcher.coins).toBe(paid);
          else expect(watcher.coins).toBeLessThanOrEqual(paid);
        }
        hub.close();
      }),
      { numRuns: 200 },
    );
  });
});
