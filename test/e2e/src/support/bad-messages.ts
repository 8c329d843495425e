import { daLog } from '@giftmesh/contract';
import { sampleDecided } from '@giftmesh/domain-money/testing';
import { moneyLogCodec } from '@giftmesh/wire-money';
import { newEventId, newUser } from './ids';
import { HOST } from './requests';

const AMOUNT_TOO_LARGE = 2n ** 60n;

function eventOf(changes: Partial<Parameters<typeof sampleDecided>[0]>): Uint8Array {
  const decided = sampleDecided({ id: newEventId(), from: newUser(), to: HOST, ...changes });
  return moneyLogCodec.encode({ kind: 'event', decided });
}

/** An event with numbers of a contract that nobody here knows. */
function changed(change: (event: daLog.DecidedEventEntry) => void): Uint8Array {
  const message = daLog.MoneyLogEntry.decode(eventOf({}));
  if (message.entry?.$case === 'event') change(message.entry.value);
  return daLog.MoneyLogEntry.encode(message).finish();
}

/** Records that no station of ours would write, and why they are parked. */
export const BAD_MESSAGES: readonly (readonly [
  name: string,
  reason: 'unreadable' | 'malformed',
  bytes: () => Uint8Array,
])[] = [
  ['bytes that nobody can decode', 'unreadable', () => Buffer.from('not one of ours')],
  ['no bytes at all', 'unreadable', () => Buffer.alloc(0)],
  ['half a message', 'unreadable', () => eventOf({}).subarray(0, 40)],
  [
    'an event of an unknown type',
    'unreadable',
    () =>
      changed(({ event }) => {
        if (event !== undefined) event.eventType = 99 as typeof event.eventType;
      }),
  ],
  [
    'a decision of an unknown kind',
    'unreadable',
    () =>
      changed((decided) => {
        decided.outcome = 99 as typeof decided.outcome;
      }),
  ],
  ['an amount out of range', 'malformed', () => eventOf({ amount: AMOUNT_TOO_LARGE })],
  ['an amount of nothing', 'malformed', () => eventOf({ amount: 0n })],
  ['an id over length', 'malformed', () => eventOf({ id: 'x'.repeat(500) })],
  ['an object over length', 'malformed', () => eventOf({ event: { objId: 'x'.repeat(5_000) } })],
  ['a payer who is nobody', 'malformed', () => eventOf({ from: 0n })],
];
