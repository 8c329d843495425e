import { common, interaction, type da } from '@giftmesh/contract';
import { readStream, useMesh, type CallError } from '@giftmesh/test-harness';
import { eventually } from './support/eventually';
import { newUser } from './support/ids';
import {
  balanceOf,
  giftOf,
  HOST,
  ledgerBalanceOf,
  recharge,
  recordsOf,
  ROOM,
  STREAMERS,
  viewerWith,
} from './support/requests';
import { sendStreamed } from './support/send-streamed';
import { refusalOf } from './support/refusals';

describe('a gift', () => {
  const mesh = useMesh();

  it('goes from the purse to the streamer, the room, the rankings and the books', async () => {
    const roomId = 7n;
    const host = 9_000_601n;
    const viewerId = newUser();
    await recharge(mesh, viewerId, 500n);
    const entered = await mesh.interaction.call.enterRoom({ roomId, viewerId });
    expect(entered.room).toMatchObject({ roomId, hostId: host });
    expect(entered.assets).toMatchObject([{ assetType: common.AssetType.COIN, balance: 500n }]);

    const gift = giftOf({ viewerId, roomId, count: 3 });
    const seen: interaction.WatchRoomResponse[] = [];
    const watch = mesh.interaction.client.watchRoom({ roomId, resumeToken: entered.resumeToken });
    const watched = readStream(watch, (message) => seen.push(message), {
      enough: ({ event }) => event?.$case === 'gift',
    });
    expect(await mesh.interaction.call.sendGift(gift)).toEqual({
      eventId: gift.eventId,
      balance: 497n,
      coins: 3n,
      comboCount: 0,
      duplicate: false,
    });
    expect(await watched).toEqual({ kind: 'enough' });
    expect(seen.at(-1)?.event?.value).toEqual({
      viewerId,
      giftId: 1,
      recipientIds: [host],
      count: 3,
      comboCount: 0,
      comboKey: '',
      coins: 3n,
    });

    const board = (kind: interaction.LeaderboardKind, period = interaction.LeaderboardPeriod.TOTAL) =>
      mesh.interaction.call.getLeaderboard({ roomId, kind, period, limit: 0 });
    await eventually(async () => {
      const viewers = { entries: [{ rank: 1, userId: viewerId, score: 3n }] };
      expect(await board(interaction.LeaderboardKind.VIEWERS)).toEqual(viewers);
      expect(await board(interaction.LeaderboardKind.VIEWERS, interaction.LeaderboardPeriod.DAY)).toEqual(viewers);
      expect(await board(interaction.LeaderboardKind.STREAMERS)).toEqual({
        entries: [{ rank: 1, userId: host, score: 3n }],
      });
      const { entries } = await board(interaction.LeaderboardKind.ACTIVITY);
      expect(entries).toMatchObject([{ rank: 1, userId: viewerId }]);
      const again = await mesh.interaction.call.enterRoom({ roomId, viewerId });
      expect(again.activityPoints).toBe(entries[0]?.score);
    });

    expect(await balanceOf(mesh, viewerId)).toBe(497n);
    expect(await ledgerBalanceOf(mesh, viewerId)).toBe(497n);
    expect(await ledgerBalanceOf(mesh, host)).toBe(3n);
    const [paid, bought] = await recordsOf(mesh, viewerId);
    expect(paid).toMatchObject({
      eventId: gift.eventId,
      role: common.RecordRole.PAYER,
      eventType: common.EventType.INTERACT_GIFT,
      bizId: roomId,
      objId: '1',
      quantity: 3,
      incr: -3n,
      counterpartUserId: host,
      balanceAfter: 497n,
    });
    expect(bought).toMatchObject({ eventType: common.EventType.ORDER_WX, incr: 500n });
    expect(await recordsOf(mesh, host)).toMatchObject([
      { eventId: gift.eventId, role: common.RecordRole.PAYEE, incr: 3n, counterpartUserId: viewerId },
    ]);
  });

  it('lets the streamer spend what she just earned', async () => {
    const streamer = STREAMERS[4] as bigint;
    const viewerId = await viewerWith(mesh, 10n);
    await mesh.interaction.call.sendGift(giftOf({ viewerId, count: 10, recipientIds: [streamer] }));
    const spent = await eventually(() =>
      mesh.interaction.call.sendGift(giftOf({ viewerId: streamer, count: 10, recipientIds: [STREAMERS[5] as bigint] })),
    );
    expect(spent).toMatchObject({ coins: 10n, balance: 0n });
    expect(await ledgerBalanceOf(mesh, streamer)).toBe(0n);
  });

  it('to several streamers is one event: one debit, all credits', async () => {
    const recipientIds = STREAMERS.slice(1, 4);
    const before = await Promise.all(recipientIds.map((userId) => ledgerBalanceOf(mesh, userId)));
    const viewerId = await viewerWith(mesh, 100n);
    const gift = giftOf({ viewerId, count: 5, recipientIds });
    expect(await mesh.interaction.call.sendGift(gift)).toMatchObject({ coins: 15n, balance: 85n });
    const after = before.map((balance) => balance + 5n);
    // Credits come when the payer's partition is settled; the read barrier of a load covers the loaded user's own.
    await eventually(async () =>
      expect(await Promise.all(recipientIds.map((userId) => ledgerBalanceOf(mesh, userId)))).toEqual(after),
    );
    const [record] = await recordsOf(mesh, viewerId);
    expect(record).toMatchObject({ eventId: gift.eventId, incr: -15n, counterpartUserId: 0n });

    const tooDear = giftOf({ viewerId, count: 40, recipientIds });
    expect((await refusalOf(mesh.interaction.call.sendGift(tooDear))).reason).toBe('INSUFFICIENT_BALANCE');
    expect(await Promise.all(recipientIds.map((userId) => ledgerBalanceOf(mesh, userId)))).toEqual(after);
    expect(await ledgerBalanceOf(mesh, viewerId)).toBe(85n);
  });

  it('of a combo bills increments only, and counts them up', async () => {
    const viewerId = await viewerWith(mesh, 100n);
    const combo = { viewerId, comboKey: 'combo-1', recipientIds: [HOST] };
    const sent = async (count: number, more: object = {}) => {
      const { comboCount, coins } = await mesh.interaction.call.sendGift(giftOf({ ...combo, count, ...more }));
      return { comboCount, coins };
    };
    const first = giftOf({ ...combo, count: 2 });
    expect(await mesh.interaction.call.sendGift(first)).toMatchObject({ comboCount: 2, coins: 2n });
    expect(await sent(3)).toEqual({ comboCount: 5, coins: 3n });
    expect(await sent(1)).toEqual({ comboCount: 6, coins: 1n });
    expect(await mesh.interaction.call.sendGift(first)).toMatchObject({ duplicate: true, coins: 2n, balance: 98n });
    expect(await sent(1)).toEqual({ comboCount: 7, coins: 1n });
    expect(await sent(1, { comboKey: 'combo-2' })).toEqual({ comboCount: 1, coins: 1n });
    expect(await sent(1, { recipientIds: [STREAMERS[1]] })).toEqual({ comboCount: 1, coins: 1n });
    expect(await sent(1, { giftId: 2 })).toEqual({ comboCount: 1, coins: 1n });
    expect(await sent(1, { comboKey: '' })).toEqual({ comboCount: 0, coins: 1n });
    expect(await balanceOf(mesh, viewerId)).toBe(89n);
  });

  it('is priced by the catalogue', async () => {
    const { gifts } = await mesh.interaction.call.listGifts({ roomId: ROOM, pageSize: 500, pageToken: '' });
    const dear = gifts.find(({ price }) => price > 100n) as interaction.Gift;
    const viewerId = await viewerWith(mesh, dear.price * 3n);
    const answer = await mesh.interaction.call.sendGift(giftOf({ viewerId, giftId: dear.giftId, count: 2 }));
    expect(answer).toMatchObject({ coins: dear.price * 2n, balance: dear.price });
  });

  it('gets the same answers by SendGift and by StreamGifts', async () => {
    const [single, streamed] = [await viewerWith(mesh, 10n), await viewerWith(mesh, 10n)];
    const gifts = (viewerId: bigint) => [
      giftOf({ viewerId, count: 4 }),
      giftOf({ viewerId, count: 7 }),
      giftOf({ viewerId, count: 0 }),
      giftOf({ viewerId, giftId: 999_999 }),
      giftOf({ viewerId, roomId: 999_999n }),
      giftOf({ viewerId, recipientIds: [HOST, HOST] }),
      giftOf({ viewerId, count: 6, comboKey: 'both' }),
    ];
    const byUnary: object[] = [];
    for (const gift of gifts(single))
      byUnary.push(
        await mesh.interaction.call.sendGift(gift).then(
          ({ eventId: _, ...ok }) => ok,
          (error: unknown) => {
            const { code, details, reason, errCode, fieldViolations, retryDelayMs = 0 } = error as CallError;
            return { code, message: details, reason, errCode, fieldViolations, retryDelayMs: BigInt(retryDelayMs) };
          },
        ),
      );
    const byStream: object[] = [];
    for (const gift of gifts(streamed)) {
      const [answer] = await sendStreamed(mesh, [[gift]]);
      expect(answer?.eventId).toBe(gift.eventId);
      const value = { ...answer?.result?.value } as Partial<interaction.SendGiftResponse>;
      if (answer?.result?.$case === 'ok') delete value.eventId;
      byStream.push(value);
    }
    expect(byStream).toEqual(byUnary);
    expect(byStream).toMatchObject([
      { balance: 6n },
      { reason: 'INSUFFICIENT_BALANCE' },
      { reason: 'COUNT_OUT_OF_RANGE' },
      { reason: 'GIFT_NOT_FOUND' },
      { reason: 'ROOM_NOT_FOUND' },
      { reason: 'DUPLICATE_RECIPIENT' },
      { balance: 0n, comboCount: 6 },
    ]);
  });
});

describe('every RPC', () => {
  const mesh = useMesh();

  it('answers', async () => {
    const { interaction: viewers, station, da } = mesh;
    const viewerId = await viewerWith(mesh, 50n);
    const gift = giftOf({ viewerId });
    await viewers.call.sendGift(gift);
    expect((await viewers.call.listGifts({ roomId: ROOM, pageSize: 0, pageToken: '' })).gifts).toHaveLength(100);
    expect((await station.call.getAssets({ userIds: [viewerId], cachedOnly: true })).users).toHaveLength(1);
    const newcomer = newUser();
    expect((await station.call.getAssets({ userIds: [newcomer], cachedOnly: true })).users).toEqual([]);
    expect((await station.call.getAssets({ userIds: [newcomer], cachedOnly: false })).users).toMatchObject([
      { userId: newcomer },
    ]);
    const key = { opUserId: viewerId, eventId: gift.eventId };
    const unknown = { opUserId: newcomer, eventId: gift.eventId };
    const checked: da.CheckEventsResponse = await da.call.checkEvents({
      events: [key, unknown],
      behindBarrier: true,
    });
    expect(checked.events).toMatchObject([
      { eventId: gift.eventId, outcome: common.EventOutcome.APPLIED, opUserBalance: 49n },
      { outcome: common.EventOutcome.UNSPECIFIED },
    ]);
    expect(checked.counters).toMatchObject([{ userId: viewerId, credited: 50n, debited: 1n, seq: 1n }]);
    const loaded = await da.call.loadAssets({ userIds: [viewerId, newcomer], decidedSinceMs: 0n });
    expect(loaded.accounts).toMatchObject([
      { userId: viewerId, decided: [{ eventId: gift.eventId }] },
      { userId: newcomer, assets: [], decided: [] },
    ]);
    expect((await da.call.listAssetRecords({ userId: viewerId, pageSize: 0, pageToken: '' })).records).toHaveLength(2);
    expect((await station.call.listAssetRecords({ userId: HOST, pageSize: 0, pageToken: '' })).records).toHaveLength(1);
    const { generation } = await da.call.raiseGeneration({ shards: [3] });
    expect((await da.call.raiseGeneration({ shards: [3] })).generation).toBeGreaterThan(generation);
    expect(await mesh.process.stop()).toEqual({ code: 0, signal: null });
  });
});
