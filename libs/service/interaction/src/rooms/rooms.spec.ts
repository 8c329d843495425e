import { interaction } from '@giftmesh/contract';
import { StatusError } from '@giftmesh/kernel-errors';
import { CallContext, DrainNotice, runInCall } from '@giftmesh/mesh-context';
import { HOST, newKit, ROOM, Tap, VIEWER, type Kit } from '../test-kit/kit';

const DAY_MS = 86_400_000;

async function factsOf(work: unknown): Promise<Pick<StatusError, 'code' | 'reason'> & { fields: string[] }> {
  try {
    await work;
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    expect(Number(error.metadata['errCode'])).toBeGreaterThanOrEqual(10_000);
    return { code: error.code, reason: error.reason, fields: error.fieldViolations.map(({ field }) => field) };
  }
  throw new Error('nothing was refused');
}

describe('ListGifts', () => {
  const list = (kit: Kit, more: Partial<interaction.ListGiftsRequest> = {}) =>
    kit.service.handlers.listGifts({ roomId: ROOM, pageSize: 0, pageToken: '', ...more });

  it('pages through the whole catalogue', async () => {
    const kit = newKit();
    const seen: interaction.Gift[] = [];
    let pages = 0;
    for (let pageToken = ''; ; pages += 1) {
      const page = await list(kit, { pageToken, pageSize: 500 });
      seen.push(...page.gifts);
      pageToken = page.nextPageToken;
      if (pageToken === '') break;
    }
    expect(pages).toBe(3);
    expect(seen.map(({ giftId }) => giftId)).toEqual(kit.ports.catalogue.gifts.map(({ giftId }) => giftId));
    expect(interaction.Gift.decode(interaction.Gift.encode(seen[0] as interaction.Gift).finish())).toEqual(seen[0]);
  });

  it('gives 100 gifts when no size is named, and no token behind the last', async () => {
    const kit = newKit();
    expect((await list(kit)).gifts).toHaveLength(100);
    const last = await list(kit, { pageToken: 'g1.1709' });
    expect(last).toMatchObject({ gifts: [{ giftId: 1710 }], nextPageToken: '' });
    expect(await list(kit, { pageToken: 'g1.1710' })).toEqual({ gifts: [], nextPageToken: '' });
  });

  it.each([
    ['no room', { roomId: 0n }, 3, 'ID_OUT_OF_RANGE', ['room_id']],
    ['an unknown room', { roomId: 555n }, 5, 'ROOM_NOT_FOUND', []],
    ['a negative size', { pageSize: -1 }, 3, 'PAGE_SIZE_OUT_OF_RANGE', ['page_size']],
    ['too large a size', { pageSize: 501 }, 3, 'PAGE_SIZE_OUT_OF_RANGE', ['page_size']],
    ['a token of words', { pageToken: 'next' }, 3, 'PAGE_TOKEN_MALFORMED', ['page_token']],
    ['a token of another version', { pageToken: 'g2.5' }, 3, 'PAGE_TOKEN_MALFORMED', ['page_token']],
    ['a token of an unknown gift', { pageToken: 'g1.1711' }, 3, 'PAGE_TOKEN_MALFORMED', ['page_token']],
    ['a token with a tail', { pageToken: 'g1.5 ' }, 3, 'PAGE_TOKEN_MALFORMED', ['page_token']],
    ['two wrong fields', { pageToken: 'x', pageSize: 9_999 }, 3, 'INVALID_REQUEST', ['page_size', 'page_token']],
  ])('refuses %s', async (_name, change, code, reason, fields) => {
    expect(await factsOf(list(newKit(), change))).toEqual({ code, reason, fields });
  });
});

describe('EnterRoom', () => {
  const enter = (kit: Kit, more: Partial<interaction.EnterRoomRequest> = {}) =>
    kit.service.handlers.enterRoom({ roomId: ROOM, viewerId: VIEWER, ...more });

  it('answers with the room, the balances, the points and a token', async () => {
    const kit = newKit();
    expect(await enter(kit)).toMatchObject({
      room: {
        roomId: ROOM,
        title: 'The Big Stage',
        hostId: HOST,
        streamerIds: Array.from({ length: 10 }, (_, index) => HOST + BigInt(index)),
      },
      assets: [{ assetType: 1, balance: 1_000_000n }],
      activityPoints: 10n,
      resumeToken: expect.stringMatching(/^r1\.[0-9a-f]{16}\.1\.\d+$/),
    });
  });

  it('gives points once a UTC day', async () => {
    const kit = newKit();
    await enter(kit);
    expect((await enter(kit)).activityPoints).toBe(10n);
    kit.clock.advance(DAY_MS);
    expect((await enter(kit)).activityPoints).toBe(20n);
    expect((await enter(kit, { roomId: 2n })).activityPoints).toBe(10n);
  });

  it('gives a token from which on nothing is missed', async () => {
    const kit = newKit();
    await kit.service.start();
    const { resumeToken } = await enter(kit);
    await kit.service.handlers.sendGift(kit.gift({ count: 3 }));
    await kit.pass(100);
    const tap = new Tap(kit.service.handlers.watchRoom({ roomId: ROOM, resumeToken }));
    await kit.pass();
    expect(tap.seen.map(({ event }) => event)).toMatchObject([{ $case: 'gift', value: { count: 3 } }]);
  });

  it('says so when the station or the activity store is away', async () => {
    const kit = newKit();
    const away = new StatusError({ code: 14, reason: 'CONNECTION', message: 'm', metadata: { errCode: '20010' } });
    kit.station.failures.push(() => Promise.reject(away));
    await expect(enter(kit)).rejects.toBe(away);
    kit.station.failures.push(() => Promise.reject(new Error('bug')));
    expect(await factsOf(enter(kit))).toMatchObject({ code: 14, reason: 'DEPENDENCY_AWAY' });
    kit.activity.enter = () => Promise.reject(new Error('disk'));
    expect(await factsOf(enter(kit))).toMatchObject({ code: 14, reason: 'ACTIVITY_AWAY' });
  });

  it.each([
    ['no room', { roomId: 0n }, 3, 'ID_OUT_OF_RANGE', ['room_id']],
    ['no viewer', { viewerId: 0n }, 3, 'ID_OUT_OF_RANGE', ['viewer_id']],
    ['nothing', { roomId: -1n, viewerId: -1n }, 3, 'INVALID_REQUEST', ['room_id', 'viewer_id']],
    ['an unknown room', { roomId: 101n }, 5, 'ROOM_NOT_FOUND', []],
  ])('refuses %s', async (_name, change, code, reason, fields) => {
    const kit = newKit();
    expect(await factsOf(enter(kit, change))).toEqual({ code, reason, fields });
    expect(kit.service.stats().rooms).toBe(0);
  });
});

describe('GetLeaderboard', () => {
  const { LeaderboardKind, LeaderboardPeriod } = interaction;
  const board = (kit: Kit, more: Partial<interaction.GetLeaderboardRequest> = {}) =>
    kit.service.handlers.getLeaderboard({
      roomId: ROOM,
      kind: LeaderboardKind.VIEWERS,
      period: LeaderboardPeriod.UNSPECIFIED,
      limit: 0,
      ...more,
    });

  it('ranks viewers, streamers and activity, in total and today', async () => {
    const kit = newKit();
    await kit.service.start();
    await kit.service.handlers.sendGift(kit.gift({ count: 3 }));
    await kit.pass(200);
    kit.clock.advance(DAY_MS);
    kit.station.balances.set(77n, 100n);
    await kit.service.handlers.sendGift(kit.gift({ viewerId: 77n, recipientIds: [HOST, HOST + 1n] }));
    await kit.service.handlers.enterRoom({ roomId: ROOM, viewerId: 77n });
    await kit.pass(200);
    expect((await board(kit)).entries).toEqual([
      { rank: 1, userId: VIEWER, score: 3n },
      { rank: 2, userId: 77n, score: 2n },
    ]);
    expect((await board(kit, { period: LeaderboardPeriod.DAY })).entries).toEqual([
      { rank: 1, userId: 77n, score: 2n },
    ]);
    expect((await board(kit, { kind: LeaderboardKind.STREAMERS, period: LeaderboardPeriod.TOTAL })).entries).toEqual([
      { rank: 1, userId: HOST, score: 4n },
      { rank: 2, userId: HOST + 1n, score: 1n },
    ]);
    expect((await board(kit, { kind: LeaderboardKind.ACTIVITY, limit: 1 })).entries).toEqual([
      { rank: 1, userId: 77n, score: 12n },
    ]);
    expect((await board(kit, { roomId: 2n })).entries).toEqual([]);
  });

  it.each([
    ['no room', { roomId: 0n }, 3, 'ID_OUT_OF_RANGE', ['room_id']],
    ['an unknown room', { roomId: 900n }, 5, 'ROOM_NOT_FOUND', []],
    ['no kind', { kind: 0 }, 3, 'LEADERBOARD_KIND_UNKNOWN', ['kind']],
    ['an unknown kind', { kind: 4 }, 3, 'LEADERBOARD_KIND_UNKNOWN', ['kind']],
    ['an unknown period', { period: 3 }, 3, 'LEADERBOARD_PERIOD_UNKNOWN', ['period']],
    ['a negative limit', { limit: -1 }, 3, 'LIMIT_OUT_OF_RANGE', ['limit']],
    ['too large a limit', { limit: 101 }, 3, 'LIMIT_OUT_OF_RANGE', ['limit']],
  ])('refuses %s', async (_name, change, code, reason, fields) => {
    expect(await factsOf(board(newKit(), change))).toEqual({ code, reason, fields });
  });

  it('says so when rankings can not be read', async () => {
    const kit = newKit();
    kit.activity.leaderboard = () => Promise.reject(new Error('disk'));
    expect(await factsOf(board(kit))).toMatchObject({ code: 14, reason: 'ACTIVITY_AWAY' });
  });
});

describe('WatchRoom', () => {
  const watch = (kit: Kit, more: Partial<interaction.WatchRoomRequest> = {}) =>
    new Tap(kit.service.handlers.watchRoom({ roomId: ROOM, resumeToken: '', ...more }));

  it.each([
    ['no room', { roomId: 0n }, 3, 'ID_OUT_OF_RANGE', ['room_id']],
    ['an unknown room', { roomId: 900n }, 5, 'ROOM_NOT_FOUND', []],
    ['a token of words', { resumeToken: 'again' }, 3, 'RESUME_TOKEN_MALFORMED', ['resume_token']],
    ['a token of another room', { resumeToken: 'r1.a.2.5' }, 3, 'RESUME_TOKEN_MALFORMED', ['resume_token']],
    ['a token of another version', { resumeToken: 'r9.a.1.5' }, 3, 'RESUME_TOKEN_MALFORMED', ['resume_token']],
  ])('refuses %s', async (_name, change, code, reason, fields) => {
    const kit = newKit();
    const tap = watch(kit, change);
    await kit.pass();
    expect(await factsOf(Promise.reject(tap.error as Error))).toEqual({ code, reason, fields });
    expect(kit.service.stats()).toMatchObject({ watchers: 0, rooms: 0 });
  });

  const callOf = (kit: Kit, drainNotice = new DrainNotice()): CallContext =>
    new CallContext({
      method: '/x/WatchRoom',
      policy: { priority: 40, idempotent: true } as never,
      clock: kit.clock,
      drainNotice,
    });

  it('ends when its call is cancelled', async () => {
    const kit = newKit();
    const call = callOf(kit);
    const tap = runInCall(call, () => watch(kit));
    await kit.pass();
    expect(kit.service.stats().watchers).toBe(1);
    call.expire();
    await kit.pass();
    expect(tap).toMatchObject({ ended: true, error: undefined });
    expect(kit.service.stats().watchers).toBe(0);
  });

  it('ends without an error when the server or the service drains', async () => {
    const kit = newKit();
    const draining = new DrainNotice();
    const taps = [runInCall(callOf(kit, draining), () => watch(kit)), watch(kit)];
    await kit.pass();
    draining.announce();
    await kit.pass();
    expect(taps.map(({ ended }) => ended)).toEqual([true, false]);
    kit.service.drain();
    await kit.pass();
    expect(taps[1]).toMatchObject({ ended: true, error: undefined });
    const late = watch(kit);
    await kit.pass();
    expect(late.error).toMatchObject({ code: 14, reason: 'SHUTTING_DOWN' });
  });

  it('does not slow gifts down: a watcher that never reads costs nobody anything', async () => {
    const kit = newKit({ ringMax: 16 });
    await kit.service.start();
    const stuck = kit.service.handlers.watchRoom({ roomId: ROOM, resumeToken: '' })[Symbol.asyncIterator]();
    const taps = Array.from({ length: 99 }, () => watch(kit));
    for (let gift = 0; gift < 50; gift += 1) {
      await kit.service.handlers.sendGift(kit.gift());
      await kit.pass(100);
    }
    for (const tap of taps) expect(tap.seen.filter(({ event }) => event?.$case === 'gift')).toHaveLength(50);
    const first = await stuck.next();
    // The ring has 16 messages; the announcement of the first places is one of those that are gone.
    expect((first.value as interaction.WatchRoomResponse | undefined)?.event).toEqual({
      $case: 'missed',
      value: { events: 34n, coins: 34n, resync: false },
    });
  });
});

describe('options', () => {
  it.each([
    [{ batchMax: 0 }, 'batchMax must be an integer of at least 1, is 0'],
    [{ batchMax: 1_001 }, 'batchMax must be at most 1000'],
    [{ tickMs: 0.5 }, 'tickMs must be an integer of at least 1, is 0.5'],
    [{ streamMessageMax: 5_000 }, 'streamInFlightMax must be at least streamMessageMax 5000'],
    [{ watchersMax: Number.NaN }, 'watchersMax must be an integer of at least 1, is NaN'],
  ])('that make no sense are refused: %j', (options, message) => {
    expect(() => newKit(options)).toThrow(message);
  });
});
