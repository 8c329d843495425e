import type { interaction } from '@giftmesh/contract';
import { status } from '@grpc/grpc-js';
import { eventIdAt, newEventId } from './ids';
import type { ExpectedRefusal } from './refusals';
import { COIN_GIFT_COUNT_MAX, HOST, STREAMERS } from './requests';

type Change = Partial<interaction.SendGiftRequest>;

const INT64_MIN = -(2n ** 63n);
const INT64_MAX = 2n ** 63n - 1n;
const INT32_MAX = 2 ** 31 - 1;
/** Of {@link COIN_GIFT}, and of every other gift. */
const RECIPIENTS_MAX = 20;
/** The first gift id behind the catalogue's. */
const NO_GIFT = 1_711;
/** The first room behind the seeded ones. */
const NO_ROOM = 101n;
/** A streamer, but of room 2. */
const ELSEWHERE = 9_000_101n;

const refused = (reason: string, ...fields: readonly string[]): ExpectedRefusal => ({
  by: 'interaction',
  code: status.INVALID_ARGUMENT,
  reason,
  fields,
});
const notFound = (reason: string): ExpectedRefusal => ({ by: 'interaction', code: status.NOT_FOUND, reason });
const rows = (field: keyof Change, expected: ExpectedRefusal, values: Readonly<Record<string, unknown>>) =>
  Object.entries(values).map(([name, value]) => [name, { [field]: value }, expected] as const);

/** Gifts that are wrong in one way: what is wrong, what to change of a good one, and the answer. */
export const BAD_SENDS: readonly (readonly [string, Change, ExpectedRefusal])[] = [
  ...rows('eventId', refused('EVENT_ID_MALFORMED', 'event_id'), {
    'no event id': '',
    'an event id of words': 'nonsense',
    'a UUIDv4': '0f8fad5b-d9cb-469f-a165-70867728950e',
    'a UUIDv1': 'c232ab00-9414-11ec-b3c8-9f6bdeced846',
    'the nil UUID': '00000000-0000-0000-0000-000000000000',
    'an event id in upper case': newEventId().toUpperCase(),
    'an event id in braces': `{${newEventId()}}`,
    'an event id without dashes': newEventId().replaceAll('-', ''),
    'an event id with a line end': `${newEventId()}\n`,
    'an event id with a zero byte': `${newEventId()}\u0000`,
    'an event id of 100,000 characters': 'a'.repeat(100_000),
  }),
  ['an event id of the far future', { eventId: eventIdAt(3_600_000) }, refused('EVENT_ID_IN_FUTURE', 'event_id')],
  ['an event id just too new', { eventId: eventIdAt(360_000) }, refused('EVENT_ID_IN_FUTURE', 'event_id')],
  [
    'an event id of the last millisecond that UUIDs know',
    { eventId: 'ffffffff-ffff-7fff-bfff-ffffffffffff' },
    refused('EVENT_ID_IN_FUTURE', 'event_id'),
  ],
  ...rows(
    'eventId',
    { by: 'payment', code: status.FAILED_PRECONDITION, reason: 'EVENT_ID_EXPIRED', fields: ['event_id'] },
    {
      'an event id that is too old': eventIdAt(-3_660_000),
      'an event id of 1970': '00000000-0000-7000-8000-000000000000',
    },
  ),
  ...rows('viewerId', refused('ID_OUT_OF_RANGE', 'viewer_id'), {
    'viewer 0': 0n,
    'viewer -1': -1n,
    'the smallest viewer': INT64_MIN,
  }),
  ...rows('roomId', refused('ID_OUT_OF_RANGE', 'room_id'), {
    'room 0': 0n,
    'room -1': -1n,
    'the smallest room': INT64_MIN,
  }),
  ...rows('roomId', notFound('ROOM_NOT_FOUND'), { 'an unknown room': NO_ROOM, 'the largest room': INT64_MAX }),
  ...rows('giftId', refused('ID_OUT_OF_RANGE', 'gift_id'), { 'gift 0': 0, 'gift -1': -1 }),
  ...rows('giftId', notFound('GIFT_NOT_FOUND'), { 'an unknown gift': NO_GIFT, 'the largest gift': INT32_MAX }),
  ...rows('count', refused('COUNT_OUT_OF_RANGE', 'count'), {
    'no count': 0,
    'a count of -1': -1,
    'one above the limit': COIN_GIFT_COUNT_MAX + 1,
    'the largest count': INT32_MAX,
  }),
  ...rows('recipientIds', refused('ID_OUT_OF_RANGE', 'recipient_ids[1]'), {
    'recipient 0': [HOST, 0n],
    'recipient -1': [HOST, -1n],
  }),
  ...rows('recipientIds', refused('RECIPIENT_NOT_IN_ROOM', 'recipient_ids[1]'), {
    'a recipient who is no streamer': [HOST, 123n],
    'a streamer of another room': [HOST, ELSEWHERE],
    'the largest recipient': [HOST, INT64_MAX],
  }),
  ['a recipient twice', { recipientIds: [HOST, HOST] }, refused('DUPLICATE_RECIPIENT', 'recipient_ids[1]')],
  ...rows('recipientIds', refused('TOO_MANY_RECIPIENTS', 'recipient_ids'), {
    'one recipient too many': Array.from({ length: RECIPIENTS_MAX + 1 }, (_, index) => STREAMERS[index % 10]),
    '10,000 recipients': Array.from({ length: 10_000 }, (_, index) => HOST + BigInt(index)),
  }),
  ['the host to herself', { viewerId: HOST }, refused('SELF_GIFT_NOT_ALLOWED', 'recipient_ids')],
  [
    'a streamer to herself and another',
    { viewerId: STREAMERS[1] as bigint, recipientIds: STREAMERS.slice(0, 2) },
    refused('SELF_GIFT_NOT_ALLOWED', 'recipient_ids[1]'),
  ],
  ...rows('comboKey', refused('COMBO_KEY_MALFORMED', 'combo_key'), {
    'a combo key that is too long': 'c'.repeat(65),
    'a combo key that is not ASCII': 'café',
    'a combo key with a control character': 'a\tb',
  }),
  ['two wrong fields', { count: 0, comboKey: 'é' }, refused('INVALID_REQUEST', 'count', 'combo_key')],
  [
    'nothing at all',
    { eventId: '', viewerId: 0n, roomId: 0n, giftId: 0, count: 0 },
    refused('INVALID_REQUEST', 'event_id', 'viewer_id', 'room_id', 'gift_id', 'count'),
  ],
];
