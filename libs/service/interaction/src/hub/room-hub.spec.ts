import type { interaction } from '@giftmesh/contract';
import { SimulatedClock } from '@giftmesh/kernel-time';
import { Tap } from '../test-kit/kit';
import { readResumeToken } from './resume-token';
import { RoomHub, type RoomHubOptions } from './room-hub';
import type { ShownGift } from './tick-show';

const OPTIONS: RoomHubOptions = {
  tickMs: 100,
  giftsPerTickMax: 50,
  ringMax: 8,
  idleRoomMs: 60_000,
  roomsMax: 3,
  watchersPerRoomMax: 200,
  watchersMax: 250,
};

const newHub = (more: Partial<RoomHubOptions> = {}, clock = new SimulatedClock(), instance = 'a') => ({
  clock,
  hub: new RoomHub(clock, instance, { ...OPTIONS, ...more }, () => Promise.resolve([])),
});

const gift = (more: Partial<ShownGift> = {}): ShownGift => ({
  viewerId: 5n,
  giftId: 1,
  recipientIds: [9n],
  count: 1,
  coins: 1n,
  effect: '',
  combo: undefined,
  ...more,
});
const combo = (comboCount: number): ShownGift => gift({ combo: { comboId: 'c', comboKey: 'k', comboCount } });

function show(hub: RoomHub, ...gifts: readonly ShownGift[]): void {
  for (const one of gifts) hub.showGift(1n, one);
  hub.endTurn();
}

const settle = (clock: SimulatedClock): Promise<void> => clock.advanceAsync(0);
const eventsOf = (tap: Tap<interaction.WatchRoomResponse>) => tap.seen.map(({ event }) => event);
const lastToken = (tap: Tap<interaction.WatchRoomResponse>) =>
  readResumeToken(tap.seen[tap.seen.length - 1]?.resumeToken ?? '');

describe('RoomHub', () => {
  it('shows the first gift at once, and draws those of a combo together from then on', async () => {
    const { clock, hub } = newHub();
    const tap = new Tap(hub.watch(1n, undefined));
    await settle(clock);
    show(hub, combo(1));
    await settle(clock);
    expect(tap.seen).toHaveLength(1);
    show(hub, combo(2));
    show(hub, combo(3), gift({ viewerId: 6n }));
    await clock.advanceAsync(99);
    expect(tap.seen).toHaveLength(1);
    await clock.advanceAsync(1);
    expect(eventsOf(tap).slice(1)).toEqual([
      {
        $case: 'gift',
        value: { viewerId: 5n, giftId: 1, recipientIds: [9n], count: 2, comboCount: 3, comboKey: 'k', coins: 2n },
      },
      {
        $case: 'gift',
        value: { viewerId: 6n, giftId: 1, recipientIds: [9n], count: 1, comboCount: 0, comboKey: '', coins: 1n },
      },
    ]);
    expect(tap.seen[2]?.at).toEqual(new Date(clock.nowMs()));
  });

  it('plays effects behind their gifts', async () => {
    const { clock, hub } = newHub();
    const tap = new Tap(hub.watch(1n, undefined));
    show(hub, gift({ effect: 'aurora', giftId: 7 }));
    await settle(clock);
    expect(eventsOf(tap)[1]).toEqual({ $case: 'effect', value: { effect: 'aurora', viewerId: 5n, giftId: 7 } });
  });

  it('sums up what a crowd sends beyond the limit of a tick', async () => {
    const { clock, hub } = newHub({ giftsPerTickMax: 2 });
    const tap = new Tap(hub.watch(1n, undefined));
    show(hub, ...[1n, 2n, 9n, 3n, 8n].map((coins) => gift({ coins })));
    await settle(clock);
    expect(eventsOf(tap)).toMatchObject([
      { $case: 'gift', value: { coins: 9n } },
      { $case: 'gift', value: { coins: 8n } },
      { $case: 'missed', value: { events: 3n, coins: 6n, resync: false } },
    ]);
  });

  it('shows nothing of other rooms, and keeps nothing for rooms where nobody is', async () => {
    const { clock, hub } = newHub();
    const tap = new Tap(hub.watch(1n, undefined));
    hub.showGift(2n, gift());
    hub.endTurn();
    await settle(clock);
    expect(tap.seen).toEqual([]);
    expect(hub.rooms).toBe(1);
  });

  it('goes on at a token, without a gap or a repetition', async () => {
    const { clock, hub } = newHub();
    const entered = hub.enter(1n);
    show(hub, gift({ coins: 1n }));
    await clock.advanceAsync(100);
    const first = new Tap(hub.watch(1n, readResumeToken(entered)));
    await settle(clock);
    expect(eventsOf(first)).toMatchObject([{ value: { coins: 1n } }]);
    show(hub, gift({ coins: 2n }));
    await clock.advanceAsync(100);
    const again = new Tap(hub.watch(1n, readResumeToken(first.seen[0]?.resumeToken ?? '')));
    await settle(clock);
    expect(eventsOf(again)).toMatchObject([{ value: { coins: 2n } }]);
  });

  it('tells who can not go on to read anew, and then only what is new', async () => {
    const { clock, hub } = newHub({ ringMax: 2 });
    const old = hub.enter(1n);
    for (let count = 0; count < 3; count += 1) {
      show(hub, gift());
      await clock.advanceAsync(100);
    }
    const other = newHub({}, clock, 'b').hub.enter(1n);
    for (const token of [old, other]) {
      const tap = new Tap(hub.watch(1n, readResumeToken(token)));
      await settle(clock);
      expect(eventsOf(tap)).toEqual([{ $case: 'missed', value: { events: 0n, coins: 0n, resync: true } }]);
      // Its token is good: nothing is missed again.
      const next = new Tap(hub.watch(1n, lastToken(tap)));
      await settle(clock);
      expect(next.seen).toEqual([]);
    }
  });

  it('does not take a room that was forgotten and came again for one without a gap', async () => {
    const { clock, hub } = newHub();
    const token = hub.enter(1n);
    await clock.advanceAsync(OPTIONS.idleRoomMs);
    expect(hub.rooms).toBe(0);
    show(hub, gift());
    const tap = new Tap(hub.watch(1n, readResumeToken(token)));
    await settle(clock);
    expect(eventsOf(tap)).toMatchObject([{ $case: 'missed', value: { resync: true } }]);
  });

  it('serves 100 watchers while one is stuck, and tells that one what it missed', async () => {
    const { clock, hub } = newHub();
    const stuck = hub.watch(1n, undefined);
    const taps = Array.from({ length: 99 }, () => new Tap(hub.watch(1n, undefined)));
    await settle(clock);
    const shown = 30;
    for (let count = 0; count < shown; count += 1) {
      show(hub, gift({ coins: 10n }));
      await clock.advanceAsync(100);
    }
    for (const tap of taps) {
      expect(tap.seen).toHaveLength(shown);
      expect(eventsOf(tap).every((event) => event?.$case === 'gift')).toBe(true);
    }
    const late = new Tap(stuck);
    await settle(clock);
    expect(eventsOf(late)).toMatchObject([
      { $case: 'missed', value: { events: 22n, coins: 220n, resync: false } },
      ...Array.from({ length: OPTIONS.ringMax }, () => ({ $case: 'gift', value: { coins: 10n } })),
    ]);
    show(hub, gift());
    await clock.advanceAsync(100);
    expect(late.seen).toHaveLength(10);
  });

  it('adds up for a watcher that falls behind again and again', async () => {
    const { clock, hub } = newHub({ ringMax: 2 });
    const watch = hub.watch(1n, undefined);
    let told = 0n;
    const read = async (messages: number): Promise<void> => {
      for (let left = messages; left > 0; left -= 1) {
        const { value } = await watch.next();
        if (value?.event?.$case === 'gift' || value?.event?.$case === 'missed') told += value.event.value.coins;
      }
    };
    for (let round = 0; round < 6; round += 1) {
      for (let count = 0; count < 5; count += 1) {
        show(hub, gift({ coins: 3n }));
        await clock.advanceAsync(100);
      }
      await read(1);
    }
    await read(2);
    expect(told).toBe(90n);
  });

  it('announces the first places when others hold them, and again to who has missed it', async () => {
    const { clock, hub } = newHub({ ringMax: 3 });
    const stuck = hub.watch(1n, undefined);
    const tap = new Tap(hub.watch(1n, undefined));
    await settle(clock);
    const top = (...userIds: bigint[]) => userIds.map((userId, index) => ({ rank: index + 1, userId, score: 9n }));
    hub.showRank(1n, top(1n, 2n));
    hub.showRank(1n, top(1n, 2n));
    hub.showRank(1n, top(2n, 1n));
    await settle(clock);
    expect(eventsOf(tap)).toEqual([
      { $case: 'rank', value: { top: top(1n, 2n) } },
      { $case: 'rank', value: { top: top(2n, 1n) } },
    ]);
    for (let count = 0; count < 3; count += 1) {
      show(hub, gift());
      await clock.advanceAsync(100);
    }
    const late = new Tap(stuck);
    await settle(clock);
    expect(eventsOf(late).map((event) => event?.$case)).toEqual(['rank', 'gift', 'gift', 'gift']);
    expect(eventsOf(late)[0]).toEqual({ $case: 'rank', value: { top: top(2n, 1n) } });
  });

  it('does not announce the places that somebody found on coming', async () => {
    const clock = new SimulatedClock();
    const places = [{ rank: 1, userId: 4n, score: 5n }];
    const hub = new RoomHub(clock, 'a', OPTIONS, () => Promise.resolve(places));
    const tap = new Tap(hub.watch(1n, undefined));
    await settle(clock);
    hub.showRank(1n, [{ rank: 1, userId: 4n, score: 6n }]);
    await settle(clock);
    expect(tap.seen).toEqual([]);
    hub.showRank(1n, [{ rank: 1, userId: 8n, score: 7n }]);
    await settle(clock);
    expect(tap.seen).toHaveLength(1);
  });

  it('refuses watchers beyond its limits, and takes them again when others have left', () => {
    const { hub } = newHub({ watchersPerRoomMax: 2, watchersMax: 3 });
    const full = expect.objectContaining({ code: 8, reason: 'TOO_MANY_WATCHERS', retryDelayMs: 1_000 });
    const first = hub.watch(1n, undefined);
    hub.watch(1n, undefined);
    expect(() => hub.watch(1n, undefined)).toThrow(full as Error);
    hub.watch(2n, undefined);
    expect(() => hub.watch(2n, undefined)).toThrow(full as Error);
    expect(hub.watchers).toBe(3);
    first.end();
    first.end();
    expect(hub.watchers).toBe(2);
    hub.watch(2n, undefined);
  });

  it('forgets the room that was left longest ago for a new one, but none that is watched', () => {
    const { clock, hub } = newHub();
    for (const roomId of [1n, 2n, 3n]) {
      hub.enter(roomId);
      clock.advance(1);
    }
    hub.watch(1n, undefined);
    hub.enter(4n);
    expect(hub.rooms).toBe(3);
    hub.watch(3n, undefined);
    hub.watch(4n, undefined);
    expect(() => hub.enter(5n)).toThrow('too many watch');
  });

  it('costs nothing when nobody is there', async () => {
    const { clock, hub } = newHub();
    const watch = hub.watch(1n, undefined);
    show(hub, gift());
    show(hub, gift());
    await clock.advanceAsync(1_000);
    await watch.return();
    await clock.advanceAsync(2 * OPTIONS.idleRoomMs);
    expect([hub.rooms, hub.watchers, clock.pendingTimers]).toEqual([0, 0, 0]);
    show(hub, gift());
    expect(clock.pendingTimers).toBe(0);
  });

  it('ends all watches, those that wait included, when it closes', async () => {
    const { clock, hub } = newHub();
    const waiting = new Tap(hub.watch(1n, undefined));
    const idle = hub.watch(1n, undefined);
    await settle(clock);
    hub.close();
    await settle(clock);
    expect(waiting).toMatchObject({ ended: true, error: undefined });
    expect(await idle.next()).toEqual({ value: undefined, done: true });
    expect(() => hub.watch(1n, undefined)).toThrow('is stopping');
    expect(clock.pendingTimers).toBe(0);
  });
});
