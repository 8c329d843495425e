import { uuidToBytes } from '@giftmesh/kernel-ids';
import type { Difference } from '../reconciliation';
import { ALICE, BOB, GIFT, MOON, REFUSED, REVERSAL, SHARED, STAR, WITHDRAWAL } from './ledger-audit-books';
import { sampleId } from './ledger-samples';

/** What stands for a `?`: a number, a text, or the 16 bytes of an event id. */
export type DamageValue = bigint | string | Uint8Array;

/** One row changed behind the ledger's back in the books of `fillBooks`, and what an audit has to say of it. */
export type LedgerDamage = readonly [
  name: string,
  /** In the columns and codes that all ledgers on SQL share, with a `?` for each value. */
  sql: string,
  values: readonly DamageValue[],
  differences: readonly Partial<Difference>[],
];

const idOf = (eventId: string): Uint8Array => uuidToBytes(eventId);
const record = (role: number): string => `user_asset_record WHERE user_id = ? AND role = ${role} AND event_id = ?`;

/** Everything that an audit must find, one thing at a time. */
export const LEDGER_DAMAGES: readonly LedgerDamage[] = [
  [
    'an account with too much',
    'UPDATE user_asset SET credited = credited + 5 WHERE user_id = ? AND asset_type = 2',
    [STAR],
    [{ kind: 'counter', counter: 'credited', userId: STAR, account: 105n, records: 100n }, { kind: 'conservation' }],
  ],
  [
    'an account that reversed too much',
    'UPDATE user_asset SET reversed = reversed + 1 WHERE user_id = ?',
    [MOON],
    [{ kind: 'counter', counter: 'reversed', userId: MOON }, { kind: 'conservation' }],
  ],
  [
    'an account that paid too little',
    'UPDATE user_asset SET debited = debited - 1 WHERE user_id = ?',
    [ALICE],
    [{ kind: 'counter', counter: 'debited', userId: ALICE }, { kind: 'conservation' }],
  ],
  [
    'an account with another number',
    'UPDATE user_asset SET seq = 7 WHERE user_id = ?',
    [ALICE],
    [{ kind: 'counter', counter: 'seq', userId: ALICE, account: 7n, records: 3n }],
  ],
  [
    'an account with another count',
    'UPDATE user_asset SET debits = 2 WHERE user_id = ?',
    [ALICE],
    [{ kind: 'counter', counter: 'debits', userId: ALICE, account: 2n, records: 3n }],
  ],
  [
    'a lost account',
    'DELETE FROM user_asset WHERE user_id = ?',
    [MOON],
    [
      { kind: 'counter', counter: 'credited', userId: MOON, account: 0n },
      { kind: 'counter', counter: 'reversed', userId: MOON, account: 0n },
      { kind: 'conservation' },
    ],
  ],
  [
    'an account out of nothing, before all others',
    'INSERT INTO user_asset VALUES (1, 1, 9, 0, 0, 0, 0)',
    [],
    [{ kind: 'counter', counter: 'credited', userId: 1n, account: 9n, records: 0n }, { kind: 'conservation' }],
  ],
  [
    'an account out of nothing, behind all others',
    'INSERT INTO user_asset VALUES (99, 1, 9, 9, 0, 0, 0)',
    [],
    [
      { kind: 'counter', counter: 'credited', userId: 99n },
      { kind: 'counter', counter: 'reversed', userId: 99n },
    ],
  ],
  [
    'a payee’s record with another amount',
    `UPDATE user_asset_record SET incr = 31 WHERE user_id = ? AND role = 1 AND event_id = ?`,
    [STAR, idOf(SHARED)],
    [
      { kind: 'counter', counter: 'credited', userId: STAR },
      { kind: 'unbalanced_event', eventId: SHARED, paid: 51n, got: 52n },
    ],
  ],
  [
    'a payee’s record lost',
    `DELETE FROM ${record(1)}`,
    [STAR, idOf(GIFT)],
    [
      { kind: 'counter', counter: 'credited', userId: STAR },
      { kind: 'leg', problem: 'missing', role: 'payee', userId: STAR, eventId: GIFT },
      { kind: 'unbalanced_event', eventId: GIFT, paid: 100n, got: 0n },
    ],
  ],
  [
    'a payer’s record lost',
    `DELETE FROM ${record(0)}`,
    [ALICE, idOf(GIFT)],
    [
      { kind: 'counter', counter: 'debited', userId: ALICE },
      { kind: 'counter', counter: 'debits', userId: ALICE },
      { kind: 'missing_seq', userId: ALICE, from: 1, to: 1 },
      { kind: 'leg', problem: 'missing', role: 'payer', userId: ALICE, eventId: GIFT },
    ],
  ],
  [
    'a record of somebody whom the event does not name',
    `UPDATE user_asset_record SET user_id = 77 WHERE user_id = ? AND role = 1 AND event_id = ?`,
    [MOON, idOf(SHARED)],
    [
      { kind: 'counter', counter: 'credited', userId: MOON },
      { kind: 'counter', counter: 'credited', userId: 77n },
      { kind: 'leg', problem: 'unexpected', userId: 77n },
      { kind: 'leg', problem: 'missing', userId: MOON },
      { kind: 'reversal', problem: 'exceeds_original', eventId: REVERSAL },
    ],
  ],
  [
    'a refusal that became a debit',
    `UPDATE user_asset_record SET outcome = 0, seq = 2 WHERE user_id = ? AND role = 0 AND event_id = ?`,
    [BOB, idOf(REFUSED)],
    [
      { kind: 'counter', counter: 'debited', userId: BOB },
      { kind: 'counter', counter: 'seq', userId: BOB },
      { kind: 'counter', counter: 'debits', userId: BOB },
      { kind: 'leg', problem: 'missing', userId: STAR, eventId: REFUSED },
      { kind: 'unbalanced_event', eventId: REFUSED },
    ],
  ],
  [
    'two debits with one number',
    `UPDATE user_asset_record SET seq = 2 WHERE user_id = ? AND role = 0 AND event_id = ?`,
    [ALICE, idOf(GIFT)],
    [
      { kind: 'missing_seq', userId: ALICE, from: 1, to: 1 },
      { kind: 'duplicate_seq', userId: ALICE, seq: 2, eventIds: [GIFT, SHARED] },
    ],
  ],
  [
    'an order without its record',
    `DELETE FROM ${record(1)}`,
    [BOB, idOf(sampleId(2))],
    [
      { kind: 'counter', counter: 'credited', userId: BOB },
      { kind: 'order', problem: 'without_record', eventId: sampleId(2) },
    ],
  ],
  [
    'a recharge nobody has paid for',
    'DELETE FROM recharge_order WHERE user_id = ?',
    [BOB],
    [{ kind: 'order', problem: 'without_order', outsideTransactionId: 'wx-2' }, { kind: 'conservation' }],
  ],
  [
    'an order of another amount',
    'UPDATE recharge_order SET amount = 501 WHERE user_id = ?',
    [BOB],
    [{ kind: 'order', problem: 'other_content', eventId: sampleId(2) }, { kind: 'conservation' }],
  ],
  [
    'a reversal of an event that isn’t there',
    'UPDATE user_asset_record SET obj_id = ? WHERE user_id = ? AND role = 1 AND event_id = ?',
    [sampleId(99), ALICE, idOf(REVERSAL)],
    [
      { kind: 'reversal', problem: 'without_original', originalEventId: sampleId(99) },
      { kind: 'reversal', problem: 'without_record', originalEventId: SHARED },
    ],
  ],
  [
    'a reversal that names no event at all',
    'UPDATE user_asset_record SET obj_id = ? WHERE user_id = ? AND role = 1 AND event_id = ?',
    ['rose', ALICE, idOf(REVERSAL)],
    [
      { kind: 'reversal', problem: 'without_original', originalEventId: 'rose' },
      { kind: 'reversal', problem: 'without_record' },
    ],
  ],
  [
    'a reversal that gives back more than was paid',
    'UPDATE user_asset_record SET incr = 52 WHERE user_id = ? AND role = 1 AND event_id = ?',
    [ALICE, idOf(REVERSAL)],
    [
      { kind: 'counter', counter: 'credited', userId: ALICE },
      { kind: 'reversal', problem: 'not_registered' },
      { kind: 'reversal', problem: 'exceeds_original' },
      { kind: 'unbalanced_event', eventId: REVERSAL, paid: 17n, got: 52n },
    ],
  ],
  [
    'a reversal that is not registered, and could come again',
    'DELETE FROM reversal WHERE op_user_id = ?',
    [ALICE],
    [{ kind: 'reversal', problem: 'not_registered', eventId: REVERSAL, originalEventId: SHARED }],
  ],
  [
    'a reversal’s record lost',
    `DELETE FROM ${record(1)}`,
    [ALICE, idOf(REVERSAL)],
    [
      { kind: 'counter', counter: 'credited', userId: ALICE },
      { kind: 'leg', problem: 'missing', userId: ALICE, role: 'payee', eventId: REVERSAL },
      { kind: 'reversal', problem: 'without_record', eventId: REVERSAL },
    ],
  ],
  [
    'a withdrawal of another amount',
    `UPDATE user_asset_record SET incr = -8 WHERE user_id = ? AND role = 0 AND event_id = ?`,
    [STAR, idOf(WITHDRAWAL)],
    [{ kind: 'counter', counter: 'debited', userId: STAR }, { kind: 'conservation' }],
  ],
  [
    'a dead letter',
    `INSERT INTO dead_letter VALUES (4, 1, 2, 'cut off', x'00', 5, '[]')`,
    [],
    [{ kind: 'dead_letter', id: 4, partition: 1, offset: 2, reason: 'cut off' }],
  ],
  [
    'an anomaly',
    `INSERT INTO anomaly VALUES (1, 'negative_balance', ?, 1, ?, 'balance -3', 5)`,
    [ALICE, idOf(GIFT)],
    [{ kind: 'anomaly', anomaly: 'negative_balance', userId: ALICE, eventId: GIFT, detail: 'balance -3' }],
  ],
];
