import type { interaction } from '@giftmesh/contract';
import { status } from '@grpc/grpc-js';
import { readStream, useMesh } from '@giftmesh/test-harness';
import { eventually } from './support/eventually';
import { newUser } from './support/ids';
import { expectRefusal } from './support/refusals';
import { allGifts, giftOf, viewerWith } from './support/requests';
import { sendStreamed } from './support/send-streamed';

type Seen = interaction.WatchRoomResponse;

describe('WatchRoom', () => {
  const mesh = useMesh();

  /** Watches until `enough`; then all that was seen. */
  async function watch(roomId: bigint, resumeToken: string, enough: (seen: readonly Seen[]) => boolean) {
    const seen: Seen[] = [];
    const stream = mesh.interaction.client.watchRoom({ roomId, resumeToken });
    const end = await readStream(stream, (message) => seen.push(message), { enough: () => enough(seen) });
    if (end.kind === 'failed') throw end.error;
    expect(end).toEqual({ kind: 'enough' });
    return seen;
  }
  /** Gift events and coins that messages tell of, drawn together or missed ones included. */
  const coinsOf = (seen: readonly Seen[]): bigint =>
    seen.reduce((sum, { event }) => {
      if (event?.$case === 'gift') return sum + event.value.coins;
      return event?.$case === 'missed' ? sum + event.value.coins : sum;
    }, 0n);
  const enter = async (roomId: bigint): Promise<string> =>
    (await mesh.interaction.call.enterRoom({ roomId, viewerId: newUser() })).resumeToken;

  it('goes on with the token of its last message, and misses nothing', async () => {
    const roomId = 12n;
    const start = await enter(roomId);
    const viewerId = await viewerWith(mesh, 100n);
    const send = () => mesh.interaction.call.sendGift(giftOf({ viewerId, roomId }));
    await send();
    const first = await watch(roomId, start, (seen) => coinsOf(seen) === 1n);
    for (let count = 0; count < 5; count += 1) await send();
    const rest = await watch(roomId, first.at(-1)?.resumeToken ?? '', (seen) => coinsOf(seen) === 5n);
    expect(rest.some(({ event }) => event?.$case === 'missed')).toBe(false);
    // And with the first token all of it again.
    expect(coinsOf(await watch(roomId, start, (seen) => coinsOf(seen) >= 6n))).toBe(6n);
  });

  it('begins now without a token', async () => {
    const roomId = 13n;
    await enter(roomId);
    const viewerId = await viewerWith(mesh, 100n);
    await mesh.interaction.call.sendGift(giftOf({ viewerId, roomId, count: 7 }));
    await watch(roomId, await enter(roomId), () => true).catch(() => undefined);
    const seen: Seen[] = [];
    const stream = mesh.interaction.client.watchRoom({ roomId, resumeToken: '' });
    const read = readStream(stream, (message) => seen.push(message), {
      enough: ({ event }) => event?.$case === 'gift' && event.value.count === 2,
    });
    await eventually(async () => {
      await mesh.interaction.call.sendGift(giftOf({ viewerId, roomId, count: 2 }));
      expect(seen.length).toBeGreaterThan(0);
    });
    await read;
    expect(seen.some(({ event }) => event?.$case === 'gift' && event.value.count === 7)).toBe(false);
  });

  it('shows only its own room', async () => {
    const [mine, other] = [14n, 15n];
    const token = await enter(mine);
    const viewerId = await viewerWith(mesh, 100n);
    await mesh.interaction.call.sendGift(giftOf({ viewerId, roomId: other, count: 5 }));
    await mesh.interaction.call.sendGift(giftOf({ viewerId, roomId: mine, count: 2 }));
    const seen = await watch(mine, token, (all) => coinsOf(all) > 0n);
    expect(coinsOf(seen)).toBe(2n);
  });

  it('shows effects, new first places, and combos drawn together', async () => {
    const roomId = 16n;
    const token = await enter(roomId);
    const dear = (await allGifts(mesh)).find(({ effect }) => effect !== '') as interaction.Gift;
    const viewerId = await viewerWith(mesh, dear.price + 100n);
    await mesh.interaction.call.sendGift(giftOf({ viewerId, roomId, giftId: dear.giftId }));
    for (let count = 0; count < 20; count += 1)
      await mesh.interaction.call.sendGift(giftOf({ viewerId, roomId, comboKey: 'c' }));
    const seen = await watch(
      roomId,
      token,
      (all) =>
        coinsOf(all) === dear.price + 20n &&
        all.some(({ event }) => event?.$case === 'effect') &&
        all.some(({ event }) => event?.$case === 'rank'),
    );
    const values = seen.map(({ event }) => event);
    expect(values).toContainEqual({
      $case: 'effect',
      value: { effect: dear.effect, viewerId, giftId: dear.giftId },
    });
    expect(values.find((event) => event?.$case === 'rank')?.value).toMatchObject({
      top: [{ rank: 1, userId: viewerId }],
    });
    const combo = values.flatMap((event) =>
      event?.$case === 'gift' && event.value.comboKey === 'c' ? [event.value] : [],
    );
    expect(combo.reduce((sum, { count }) => sum + count, 0)).toBe(20);
    expect(combo.at(-1)?.comboCount).toBe(20);
  });

  it('tells to read anew after a token of an earlier life, and goes on from now', async () => {
    const roomId = 17n;
    const foreign = `r1.${'0'.repeat(16)}.${roomId}.5`;
    const [first] = await watch(roomId, foreign, () => true);
    expect(first?.event).toEqual({ $case: 'missed', value: { events: 0n, coins: 0n, resync: true } });
    const viewerId = await viewerWith(mesh, 10n);
    await mesh.interaction.call.sendGift(giftOf({ viewerId, roomId }));
    expect(coinsOf(await watch(roomId, first?.resumeToken ?? '', (seen) => coinsOf(seen) > 0n))).toBe(1n);
  });

  it.each([
    ['nonsense', 'nonsense'],
    ['of a newer version', 'r2.abc.18.5'],
    ['of another room', `r1.${'0'.repeat(16)}.19.5`],
    ['far too long', 'r1.'.padEnd(10_000, '0')],
    ['not ASCII', 'r1.ä.18.5'],
    ['beyond int64', 'r1.abc.9223372036854775808.5'],
  ])('refuses a token that is %s', async (_, resumeToken) => {
    const stream = mesh.interaction.client.watchRoom({ roomId: 18n, resumeToken });
    const end = await readStream(stream, () => undefined);
    if (end.kind !== 'failed') throw new Error(`the stream was ${end.kind}`);
    expectRefusal(end.error, {
      by: 'interaction',
      code: status.INVALID_ARGUMENT,
      reason: 'RESUME_TOKEN_MALFORMED',
      fields: ['resume_token'],
    });
  });

  it('gives a watcher that fell behind the sum of what it missed, and never waits for it', async () => {
    const roomId = 20n;
    // As many as are shown one by one at a time, with an effect each: more messages than a connection holds and a room keeps.
    const [rounds, perRound] = [45, 50];
    const dear = (await allGifts(mesh)).find(({ effect }) => effect !== '') as interaction.Gift;
    const price = dear.price * BigInt(perRound);
    const total = price * BigInt(rounds);
    const viewers = await Promise.all(
      Array.from({ length: perRound }, () => viewerWith(mesh, dear.price * BigInt(rounds))),
    );

    const resumeToken = await enter(roomId);
    const slow = mesh.interaction.client.watchRoom({ roomId, resumeToken });
    const late: Seen[] = [];
    const read = readStream(slow, (message) => late.push(message), {
      timeoutMs: 18_000,
      enough: () => coinsOf(late) >= total,
    });
    // Not before its first message: a client of grpc-js that has never read takes in everything.
    slow.once('data', () => slow.pause());
    let liveCoins = 0n;
    let liveMessages = 0;
    const watched = readStream(
      mesh.interaction.client.watchRoom({ roomId, resumeToken }),
      (message) => {
        liveCoins += coinsOf([message]);
        liveMessages += 1;
      },
      { enough: () => liveCoins >= total },
    );
    for (let round = 1; round <= rounds; round += 1) {
      await sendStreamed(mesh, [viewers.map((viewerId) => giftOf({ viewerId, roomId, giftId: dear.giftId }))]);
      await eventually(() => expect(liveCoins).toBe(price * BigInt(round)));
    }
    expect(await watched).toEqual({ kind: 'enough' });

    expect(late).toHaveLength(1);
    slow.resume();
    expect(await read).toEqual({ kind: 'enough' });
    expect(coinsOf(late)).toBe(total);
    const missed = late.flatMap(({ event }) => (event?.$case === 'missed' ? [event.value] : []));
    expect(missed.some(({ events, coins }) => events > 500n && coins === events * dear.price)).toBe(true);
    expect(late.length).toBeLessThan(liveMessages - 1_000);
    // Who comes with the old token now, behind which messages are gone, begins anew.
    const [first] = await watch(roomId, resumeToken, () => true);
    expect(first?.event).toEqual({ $case: 'missed', value: { events: 0n, coins: 0n, resync: true } });
  });
});
