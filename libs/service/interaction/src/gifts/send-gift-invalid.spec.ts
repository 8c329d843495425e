import type { interaction } from '@giftmesh/contract';
import { lowestUuidV7At } from '@giftmesh/kernel-ids';
import { HOST, newKit, refusalOf, VIEWER } from '../test-kit/kit';

const STREAMERS = Array.from({ length: 10 }, (_, index) => HOST + BigInt(index));
const ID_TOO_LARGE = 2n ** 63n;
const HOUR_MS = 3_600_000;

type Change = Partial<interaction.SendGiftRequest>;

describe('SendGift', () => {
  /** Requests of which nothing may come: what is changed, the code, the reason, the field. */
  const invalid: readonly [string, Change | ((kit: ReturnType<typeof newKit>) => Change), number, string, string][] = [
    ['no event id', { eventId: '' }, 3, 'EVENT_ID_MALFORMED', 'event_id'],
    ['an event id of words', { eventId: 'gift-1' }, 3, 'EVENT_ID_MALFORMED', 'event_id'],
    ['a UUIDv4', { eventId: '0197f5c5-7f00-4000-8000-000000000000' }, 3, 'EVENT_ID_MALFORMED', 'event_id'],
    ['an upper-case id', (kit) => ({ eventId: kit.newEventId().toUpperCase() }), 3, 'EVENT_ID_MALFORMED', 'event_id'],
    ['an id with a NUL', (kit) => ({ eventId: `${kit.newEventId()}\0` }), 3, 'EVENT_ID_MALFORMED', 'event_id'],
    [
      'an id of the future',
      (kit) => ({ eventId: lowestUuidV7At(kit.clock.nowMs() + 300_001) }),
      3,
      'EVENT_ID_IN_FUTURE',
      'event_id',
    ],
    ['no viewer', { viewerId: 0n }, 3, 'ID_OUT_OF_RANGE', 'viewer_id'],
    ['a negative viewer', { viewerId: -1n }, 3, 'ID_OUT_OF_RANGE', 'viewer_id'],
    ['a viewer above int64', { viewerId: ID_TOO_LARGE }, 3, 'ID_OUT_OF_RANGE', 'viewer_id'],
    ['no room', { roomId: 0n }, 3, 'ID_OUT_OF_RANGE', 'room_id'],
    ['a negative room', { roomId: -(2n ** 63n) }, 3, 'ID_OUT_OF_RANGE', 'room_id'],
    ['an unknown room', { roomId: 101n }, 5, 'ROOM_NOT_FOUND', ''],
    ['no gift', { giftId: 0 }, 3, 'ID_OUT_OF_RANGE', 'gift_id'],
    ['a negative gift', { giftId: -5 }, 3, 'ID_OUT_OF_RANGE', 'gift_id'],
    ['an unknown gift', { giftId: 999_999 }, 5, 'GIFT_NOT_FOUND', ''],
    ['the largest gift id', { giftId: 2 ** 31 - 1 }, 5, 'GIFT_NOT_FOUND', ''],
    ['count 0', { count: 0 }, 3, 'COUNT_OUT_OF_RANGE', 'count'],
    ['a negative count', { count: -1 }, 3, 'COUNT_OUT_OF_RANGE', 'count'],
    ['one more than the gift allows', { count: 1315 }, 3, 'COUNT_OUT_OF_RANGE', 'count'],
    ['the largest count', { count: 2 ** 31 - 1 }, 3, 'COUNT_OUT_OF_RANGE', 'count'],
    ['a stranger as recipient', { recipientIds: [HOST, 4n] }, 3, 'RECIPIENT_NOT_IN_ROOM', 'recipient_ids[1]'],
    ['a streamer of another room', { recipientIds: [9_000_101n] }, 3, 'RECIPIENT_NOT_IN_ROOM', 'recipient_ids[0]'],
    ['recipient 0', { recipientIds: [0n] }, 3, 'ID_OUT_OF_RANGE', 'recipient_ids[0]'],
    ['a negative recipient', { recipientIds: [-HOST] }, 3, 'ID_OUT_OF_RANGE', 'recipient_ids[0]'],
    ['a recipient twice', { recipientIds: [HOST, HOST + 1n, HOST] }, 3, 'DUPLICATE_RECIPIENT', 'recipient_ids[2]'],
    [
      'too many recipients',
      { recipientIds: [...STREAMERS, ...STREAMERS, HOST] },
      3,
      'TOO_MANY_RECIPIENTS',
      'recipient_ids',
    ],
    ['a gift to herself', { viewerId: HOST, recipientIds: [HOST] }, 3, 'SELF_GIFT_NOT_ALLOWED', 'recipient_ids[0]'],
    ['a gift of the host to nobody', { viewerId: HOST }, 3, 'SELF_GIFT_NOT_ALLOWED', 'recipient_ids'],
    [
      'herself among others',
      { viewerId: HOST, recipientIds: [HOST + 1n, HOST] },
      3,
      'SELF_GIFT_NOT_ALLOWED',
      'recipient_ids[1]',
    ],
    ['a combo key that is too long', { comboKey: 'k'.repeat(65) }, 3, 'COMBO_KEY_MALFORMED', 'combo_key'],
    ['a combo key with a newline', { comboKey: 'a\nb' }, 3, 'COMBO_KEY_MALFORMED', 'combo_key'],
    ['a combo key beyond ASCII', { comboKey: 'kombo-ü' }, 3, 'COMBO_KEY_MALFORMED', 'combo_key'],
    ['a price above the balance', { giftId: 1710, count: 10 }, 9, 'INSUFFICIENT_BALANCE', ''],
    ['a viewer without coins', { viewerId: 2n ** 63n - 1n }, 9, 'INSUFFICIENT_BALANCE', ''],
    [
      'an id that is too old and unknown',
      (kit) => ({ eventId: lowestUuidV7At(kit.clock.nowMs() - HOUR_MS - 1) }),
      9,
      'EVENT_ID_EXPIRED',
      'event_id',
    ],
  ];

  it.each(invalid)('refuses %s', async (_name, change, code, reason, field) => {
    const kit = newKit();
    const request = kit.gift(typeof change === 'function' ? change(kit) : change);
    const error = await refusalOf(kit.service.handlers.sendGift(request));
    expect({ code: error.code, reason: error.reason }).toEqual({ code, reason });
    expect(error.fieldViolations.map((violation) => violation.field)).toEqual(field === '' ? [] : [field]);
    const errCode = Number(error.metadata['errCode']);
    expect(errCode).toBeGreaterThan(10_000);
    expect(errCode).toBeLessThan(30_000);
    expect([...kit.station.balances]).toEqual([[VIEWER, 1_000_000n]]);
    expect((await kit.service.handlers.sendGift(kit.gift())).coins).toBe(1n);
  });

  it('takes what is just within every limit', async () => {
    const kit = newKit();
    const nowMs = kit.clock.nowMs();
    for (const change of [
      { eventId: lowestUuidV7At(nowMs + 300_000) },
      { eventId: lowestUuidV7At(nowMs - HOUR_MS) },
      { count: 1314 },
      { recipientIds: STREAMERS },
      { comboKey: '~'.repeat(64) },
      { viewerId: HOST, recipientIds: [HOST + 1n] },
    ]) {
      kit.station.balances.set(HOST, 100n);
      expect((await kit.service.handlers.sendGift(kit.gift(change))).duplicate).toBe(false);
    }
  });

  it('names everything that is wrong at once', async () => {
    const kit = newKit();
    const error = await refusalOf(
      kit.service.handlers.sendGift({
        eventId: 'x',
        viewerId: 0n,
        roomId: -1n,
        giftId: -1,
        count: 0,
        recipientIds: [],
        comboKey: '\n',
      }),
    );
    expect(error.reason).toBe('INVALID_REQUEST');
    expect(error.fieldViolations.map(({ field }) => field)).toEqual([
      'event_id',
      'viewer_id',
      'room_id',
      'gift_id',
      'count',
      'combo_key',
    ]);
    expect(kit.station.requests).toEqual([]);
  });

  it('tells a client whose clock is ahead what time it is', async () => {
    const kit = newKit();
    const eventId = lowestUuidV7At(kit.clock.nowMs() + HOUR_MS);
    const error = await refusalOf(kit.service.handlers.sendGift(kit.gift({ eventId })));
    expect(error.metadata['serverTimeMs']).toBe(String(kit.clock.nowMs()));
  });
});
