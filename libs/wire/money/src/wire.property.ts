import fc from 'fast-check';
import { common, daLog } from '@giftmesh/contract';
import { ASSET_TYPES, BIZ_TYPES, EVENT_TYPES, type LogEntry } from '@giftmesh/domain-money';
import { CARRIER_HEADER_LENGTH_MAX, CARRIER_HEADERS_MAX } from './carrier';
import { countersFromProto, countersToProto } from './counters';
import { eventFromProto, eventToProto } from './event';
import { moneyLogCodec } from './money-log';
import { settledNoticeCodec } from './settled-notice';
import { WireError } from './wire-error';

const id = fc.bigInt({ min: 1n, max: 2n ** 63n - 1n });
const amount = fc.bigInt({ min: -(2n ** 53n), max: 2n ** 53n });
const count = fc.nat(Number.MAX_SAFE_INTEGER);
const change = fc.record({ userId: id, assetType: fc.constantFrom(...ASSET_TYPES), incr: amount });
const event = fc.record({
  eventId: fc.uuid({ version: 7 }),
  opUserId: id,
  eventType: fc.constantFrom(...EVENT_TYPES),
  bizId: id,
  bizType: fc.constantFrom(...BIZ_TYPES),
  objId: fc.string(),
  opUserChange: change,
  toUserChanges: fc.array(change, { maxLength: 5 }),
  quantity: fc.nat(),
  comboKey: fc.string(),
});
const counters = fc.record({
  userId: id,
  assetType: fc.constantFrom(...ASSET_TYPES),
  credited: amount,
  reversed: amount,
  debited: amount,
  seq: count,
});
const carrier = fc.dictionary(fc.stringMatching(/^[a-z]{1,10}$/), fc.string({ unit: 'grapheme' }), {
  minKeys: 1,
  maxKeys: CARRIER_HEADERS_MAX,
});
const entry: fc.Arbitrary<LogEntry> = fc.oneof(
  fc.record(
    {
      kind: fc.constant('event' as const),
      carrier,
      decided: fc.record({
        event,
        outcome: fc.constantFrom('applied' as const, 'insufficient_balance' as const),
        opUserBalance: amount,
        seq: count,
        generation: count,
        fingerprint: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
        decidedAtMs: count,
      }),
    },
    { requiredKeys: ['kind', 'decided'] },
  ),
  fc.record({
    kind: fc.constant('fence' as const),
    fence: fc.record({ shards: fc.array(fc.nat(4095)), generation: count }),
  }),
);

describe('wire', () => {
  it('brings log entries, notices, events and counters through bytes unchanged', () => {
    fc.assert(fc.property(entry, (value) => expect(moneyLogCodec.decode(moneyLogCodec.encode(value))).toEqual(value)));
    const notice = fc.record({
      counters: fc.array(counters, { maxLength: 3 }),
      events: fc.array(fc.record({ opUserId: id, eventId: fc.uuid({ version: 7 }) }), { maxLength: 3 }),
    });
    fc.assert(
      fc.property(notice, (value) =>
        expect(settledNoticeCodec.decode(settledNoticeCodec.encode(value))).toEqual(value),
      ),
    );
    fc.assert(fc.property(event, (value) => expect(eventFromProto(eventToProto(value))).toEqual(value)));
    fc.assert(fc.property(counters, (value) => expect(countersFromProto(countersToProto(value))).toEqual(value)));
  });

  it('refuses what is missing or unknown, and says which field', () => {
    const good = eventToProto(fc.sample(event, { numRuns: 1, seed: 1 })[0] as never);
    const wrong: [Partial<common.AssetEvent>, string][] = [
      [{ opUserChange: undefined }, 'op_user_change is missing'],
      [{ eventType: common.EventType.UNSPECIFIED }, 'event_type is missing'],
      [{ eventType: 99 as common.EventType }, 'event_type 99 is not known'],
      [{ bizType: common.BizType.UNSPECIFIED }, 'biz_type is missing'],
      [
        { opUserChange: { userId: 1n, assetType: common.AssetType.UNSPECIFIED, incr: 1n } },
        'op_user_change.asset_type is missing',
      ],
      [
        { toUserChanges: [{ userId: 1n, assetType: 7 as common.AssetType, incr: 1n }] },
        'to_user_changes[0].asset_type 7 is not known',
      ],
    ];
    for (const [part, message] of wrong) expect(() => eventFromProto({ ...good, ...part })).toThrow(message);
  });

  it('writes the same bytes as ever for an entry without a carrier, and leaves out what is too much of one', () => {
    const value = fc.sample(entry, { numRuns: 20, seed: 1 }).find(({ kind }) => kind === 'event');
    if (value?.kind !== 'event') throw new Error('no event in the sample');
    const plain: LogEntry = { kind: 'event', decided: value.decided };
    const bytes = moneyLogCodec.encode(plain);
    // Field 3 of the entry, which those who knew the older contract skip.
    const carried = moneyLogCodec.encode({ ...plain, carrier: { traceparent: 'x' } });
    expect(carried.slice(0, bytes.length)).toEqual(bytes);
    expect(carried[bytes.length]).toBe((3 << 3) | 2);
    expect(moneyLogCodec.encode({ ...plain, carrier: {} })).toEqual(bytes);
    const readBack = (headers: Record<string, string>) => {
      const read = moneyLogCodec.decode(moneyLogCodec.encode({ ...plain, carrier: headers }));
      return read.kind === 'event' ? read.carrier : undefined;
    };
    const long = 'x'.repeat(CARRIER_HEADER_LENGTH_MAX - 1);
    expect(readBack({ a: `${long}x`, b: long })).toEqual({ b: long });
    const many = Object.fromEntries(Array.from({ length: CARRIER_HEADERS_MAX + 1 }, (_, index) => [`h${index}`, '']));
    expect(Object.keys(readBack(many) ?? {})).toHaveLength(CARRIER_HEADERS_MAX);
  });

  it('refuses log bytes that are no entry', () => {
    expect(() => moneyLogCodec.decode(new Uint8Array(0))).toThrow(WireError);
    expect(() => moneyLogCodec.decode(Uint8Array.of(0x0a, 0x7f, 1))).toThrow();
    expect(() =>
      moneyLogCodec.decode(
        daLog.MoneyLogEntry.encode({
          entry: { $case: 'event', value: daLog.DecidedEventEntry.fromPartial({}) },
          carrier: undefined,
        }).finish(),
      ),
    ).toThrow('event is missing');
  });
});
