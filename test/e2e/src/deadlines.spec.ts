import { da, interaction, station } from '@giftmesh/contract';
import { status } from '@grpc/grpc-js';
import { Harness, useMesh, type Connection } from '@giftmesh/test-harness';
import { booksOf } from './support/books';
import { newEventId, newUser } from './support/ids';
import { callRaw, frame } from './support/raw-call';
import { refusalOf } from './support/refusals';
import { balanceOf, eventOf, giftOf, HOST, ledgerBalanceOf, orderOf, viewerWith } from './support/requests';

// On a real clock, beside other processes: a machine that stalls may fail it once; the second try is counted as one.
jest.retryTimes(1, { logErrorsBeforeRetry: true });

/** Metadata name of the absolute deadline that travels beside `grpc-timeout`. */
const STAMP = 'x-deadline-unix-ms';
const SERVICES = {
  interaction: 'giftmesh.interaction.v1.InteractionService',
  station: 'giftmesh.payment.station.v1.PaymentStationService',
  da: 'giftmesh.payment.da.v1.PaymentDaService',
} as const;

describe('a deadline', () => {
  const mesh = useMesh();

  /** A call with its headers as they are given: a grpc-js client does not even send what has expired. */
  const call = (
    service: keyof typeof SERVICES,
    method: string,
    request: Uint8Array,
    headers: Readonly<Record<string, string>>,
  ): Promise<Buffer> =>
    callRaw({
      address: mesh[service].address,
      path: `/${SERVICES[service]}/${method}`,
      body: frame(request),
      headers,
    });
  const send = (gift: interaction.SendGiftRequest, headers: Readonly<Record<string, string>>) =>
    call('interaction', 'SendGift', interaction.SendGiftRequest.encode(gift).finish(), headers);

  it.each<[string, () => Record<string, string>]>([
    ['of a nanosecond', () => ({ 'grpc-timeout': '1n' })],
    ['of nothing', () => ({ 'grpc-timeout': '0m' })],
    // It had two seconds when it was sent, and was on its way for three.
    ['that passed on the way', () => ({ 'grpc-timeout': '2S', [STAMP]: String(Date.now() - 1_000) })],
  ])('%s means that no work is done', async (_, headers) => {
    const viewerId = await viewerWith(mesh, 10n);
    const before = await booksOf(mesh, [viewerId]);
    const gift = giftOf({ viewerId });
    const event = eventOf({ payer: viewerId, payees: [HOST], each: 1n });
    const order = orderOf({ userId: viewerId, amount: 5n });
    const fromLedger = orderOf({ userId: viewerId, amount: 5n });
    const late = [
      await refusalOf(send(gift, headers())),
      await refusalOf(
        call(
          'interaction',
          'StreamGifts',
          interaction.StreamGiftsRequest.encode({ gifts: [gift] }).finish(),
          headers(),
        ),
      ),
      await refusalOf(
        call('station', 'ChangeAssets', station.ChangeAssetsRequest.encode({ events: [event] }).finish(), headers()),
      ),
      await refusalOf(call('station', 'ApplyOrder', station.ApplyOrderRequest.encode(order).finish(), headers())),
      await refusalOf(call('da', 'ApplyOrder', da.ApplyOrderRequest.encode({ order: fromLedger }).finish(), headers())),
    ];
    expect(late.map(({ codeName }) => codeName)).toEqual(Array(late.length).fill('DEADLINE_EXCEEDED'));
    expect(await booksOf(mesh, [viewerId])).toEqual(before);
    // The ids are as good as new.
    expect(await mesh.interaction.call.sendGift(gift)).toMatchObject({ duplicate: false, balance: 9n });
    const { results } = await mesh.station.call.changeAssets({ events: [event] });
    expect(results).toMatchObject([{ duplicate: false, opUserBalance: 8n }]);
    expect(await mesh.station.call.applyOrder(order)).toMatchObject({ duplicate: false });
    expect(await mesh.da.call.applyOrder({ order: fromLedger })).toMatchObject({ duplicate: false });
    expect(await ledgerBalanceOf(mesh, viewerId)).toBe(18n);
  });

  it('that has expired takes nobody into a room, and takes nothing back', async () => {
    const headers = { 'grpc-timeout': '1n' };
    const viewerId = await viewerWith(mesh, 10n);
    const roomId = 31n;
    const gift = giftOf({ viewerId });
    await mesh.interaction.call.sendGift(gift);
    const before = await booksOf(mesh, [viewerId]);
    const reversal = { eventId: newEventId(), originalEventId: gift.eventId, opUserId: viewerId, amount: 0n };
    const late = [
      await refusalOf(
        call('interaction', 'EnterRoom', interaction.EnterRoomRequest.encode({ roomId, viewerId }).finish(), headers),
      ),
      await refusalOf(
        call(
          'interaction',
          'WatchRoom',
          interaction.WatchRoomRequest.encode({ roomId, resumeToken: '' }).finish(),
          headers,
        ),
      ),
      await refusalOf(call('station', 'ReverseEvent', station.ReverseEventRequest.encode(reversal).finish(), headers)),
    ];
    expect(late.map(({ codeName }) => codeName)).toEqual(Array(late.length).fill('DEADLINE_EXCEEDED'));
    expect(await booksOf(mesh, [viewerId])).toEqual(before);
    const kind = interaction.LeaderboardKind.ACTIVITY;
    const period = interaction.LeaderboardPeriod.TOTAL;
    expect(await mesh.interaction.call.getLeaderboard({ roomId, kind, period, limit: 0 })).toEqual({ entries: [] });
  });

  it('that is too short leaves a gift done or not, and a repetition tells which', async () => {
    const viewerId = await viewerWith(mesh, 1_000n);
    const outcomes = { done: 0, late: 0, lateButDone: 0 };
    for (let count = 0; count < 60; count += 1) {
      const gift = giftOf({ viewerId });
      const before = await balanceOf(mesh, viewerId);
      const isLate = await send(gift, { 'grpc-timeout': `${100 + count * 60}u` }).then(
        () => false,
        (error: unknown) => {
          expect(error).toMatchObject({ code: status.DEADLINE_EXCEEDED });
          return true;
        },
      );
      const again = await mesh.interaction.call.sendGift(gift);
      // Whoever was told OK gets it again.
      if (!isLate) expect(again.duplicate).toBe(true);
      expect(again.balance).toBe(before - 1n);
      outcomes[isLate ? (again.duplicate ? 'lateButDone' : 'late') : 'done'] += 1;
    }
    expect(await ledgerBalanceOf(mesh, viewerId)).toBe(940n);
    expect(outcomes.late + outcomes.lateButDone).toBeGreaterThan(0);
  });

  it('of a client that gives up by itself leaves a gift done or not, too', async () => {
    const viewerId = await viewerWith(mesh, 100n);
    const gifts = Array.from({ length: 40 }, () => giftOf({ viewerId }));
    await Promise.all(
      gifts.map((gift, index) =>
        mesh.interaction.call
          .sendGift(gift, { timeoutMs: index % 8 })
          .catch((error: unknown) => expect(error).toMatchObject({ code: status.DEADLINE_EXCEEDED })),
      ),
    );
    for (const gift of gifts) await mesh.interaction.call.sendGift(gift);
    expect(await ledgerBalanceOf(mesh, viewerId)).toBe(60n);
  });
});

describe("a method's own deadline", () => {
  const harness = new Harness();
  afterAll(() => harness.close());

  /** Milliseconds until the call ended with DEADLINE_EXCEEDED. */
  async function lateAfterMs(call: Promise<unknown>): Promise<number> {
    const startMs = performance.now();
    expect((await refusalOf(call)).codeName).toBe('DEADLINE_EXCEEDED');
    return performance.now() - startMs;
  }

  it('holds for callers that set none, and for those that ask for more', async () => {
    // A ledger that stands still: what a station asks it has no answer.
    const dataFolder = harness.folder();
    const ledger = harness.spawn({ app: 'payment-da', dataFolder });
    const daAddress = await ledger.listening();
    const stationApp = harness.spawn({ app: 'payment-station', dataFolder, env: { GIFTMESH_DA_ADDRESS: daAddress } });
    const client: Connection<station.PaymentStationServiceClient> = harness.connect(
      station.PaymentStationServiceClient,
      await stationApp.listening(),
    );
    const getAssets = (timeoutMs: number) =>
      client.call.getAssets({ userIds: [newUser()], cachedOnly: false }, { timeoutMs });
    for (let tries = 0; tries < 100; tries += 1)
      if (
        await getAssets(5_000).then(
          () => true,
          () => false,
        )
      )
        break;

    ledger.signal('SIGSTOP');
    try {
      // The proto gives GetAssets 1 s and ApplyOrder 3 s.
      const [unset, long, short, order] = await Promise.all([
        lateAfterMs(getAssets(Infinity)),
        lateAfterMs(getAssets(60_000)),
        lateAfterMs(getAssets(300)),
        lateAfterMs(client.call.applyOrder(orderOf(), { timeoutMs: Infinity })),
      ]);
      expect(unset).toBeGreaterThan(900);
      expect(unset).toBeLessThan(2_000);
      expect(long).toBeGreaterThan(900);
      expect(long).toBeLessThan(2_000);
      expect(short).toBeLessThan(900);
      expect(order).toBeGreaterThan(2_900);
      expect(order).toBeLessThan(4_500);
    } finally {
      ledger.signal('SIGCONT');
    }
    expect((await getAssets(5_000)).users).toHaveLength(1);
  });
});
