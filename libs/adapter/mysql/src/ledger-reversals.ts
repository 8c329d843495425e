import { uuidFromBytes } from '@giftmesh/kernel-ids';
import type { Clock } from '@giftmesh/kernel-time';
import {
  applyReversal,
  checkReversal,
  planReversal,
  type AppliedReversal,
  type AssetRecord,
  type Counters,
  type EventKey,
  type Reversal,
} from '@giftmesh/domain-money';
import { countersOfUsers, LockedAccounts } from './ledger-accounts';
import { OUTCOME_CODES } from './ledger-codes';
import { insertOnce, insertRecords, isTaken } from './ledger-orders';
import { isOneOf, recordKey } from './ledger-records';
import { accountKey, countersOf, payeesOf, RECORD_COLUMNS, recordOf, type RecordRow } from './ledger-rows';
import type { MysqlConnections } from './mysql-connections';
import type { MysqlSession } from './mysql-session';
import { integer, uuid } from './sql-literals';

/** What a reversal's call answers. */
export interface ReversalAnswer {
  readonly reversed: bigint;
  readonly duplicate: boolean;
  readonly counters: readonly Counters[];
}

/** Reversals: what the ledger decides itself. */
export class LedgerReversals {
  readonly #connections: MysqlConnections;
  readonly #clock: Clock;

  constructor(connections: MysqlConnections, clock: Clock) {
    this.#connections = connections;
    this.#clock = clock;
  }

  async reverse(reversal: Reversal): Promise<ReversalAnswer> {
    checkReversal(reversal);
    return this.#connections.transaction((session) => this.#takeBack(session, reversal));
  }

  async #takeBack(session: MysqlSession, reversal: Reversal): Promise<ReversalAnswer> {
    const { opUserId, eventId, originalEventId } = reversal;
    // In this order: of the same reversal, committed between two looks, the first must not see the record and the second nothing.
    const eventIdTaken = await isTaken(session, { opUserId, eventId });
    const reversalOfOriginal = await reversalOf(session, { opUserId, eventId: originalEventId });
    const original = await legsOf(session, { opUserId, eventId: originalEventId });
    const plan = planReversal(reversal, { original, reversalOfOriginal, eventIdTaken });
    if (plan.kind === 'duplicate') {
      const counters = await countersTouchedBy(session, reversal, original ?? []);
      return { reversed: plan.amount, duplicate: true, counters };
    }
    const nowMs = this.#clock.nowMs();
    // From here on, whoever takes back the same event waits.
    await insertOnce(
      session,
      `INSERT INTO reversal (op_user_id, original_event_id, event_id, amount, applied_at_ms)
       VALUES (${opUserId}, ${uuid(originalEventId)}, ${uuid(eventId)}, ${plan.amount}, ${integer(nowMs)})`,
    );
    const locked = await LockedAccounts.lock(session, usersOf(plan.legs.map(({ record }) => record)));
    const { accounts, records } = applyReversal(
      reversal,
      plan,
      (userId, assetType) => locked.get(userId, assetType),
      nowMs,
    );
    await insertRecords(session, records);
    await locked.write(session, accounts);
    return { reversed: plan.amount, duplicate: false, counters: accounts.map(countersOf) };
  }
}

const usersOf = (records: readonly AssetRecord[]): bigint[] =>
  [...new Set(records.map(({ userId }) => userId))].sort((a, b) => (a < b ? -1 : 1));

async function reversalOf(session: MysqlSession, original: EventKey): Promise<AppliedReversal | undefined> {
  const [row] = await session.rows<[eventId: Buffer, amount: string]>(
    `SELECT event_id, amount FROM reversal
     WHERE op_user_id = ${original.opUserId} AND original_event_id = ${uuid(original.eventId)}`,
  );
  if (row === undefined) return undefined;
  return { eventId: uuidFromBytes(row[0]), originalEventId: original.eventId, amount: BigInt(row[1]) };
}

/** An event's legs, payer first and payees in order of user; empty for a refusal, undefined when nothing is on record. */
async function legsOf(session: MysqlSession, key: EventKey): Promise<AssetRecord[] | undefined> {
  const own = await selectRecords(session, [recordKey(key.opUserId, 0, key), recordKey(key.opUserId, 1, key)]);
  const payer = own.find(([, role]) => role === 0);
  if (payer === undefined) return own.length === 0 ? undefined : own.map(recordOf);
  if (payer[5] !== OUTCOME_CODES.applied) return [];
  const payees = payeesOf(payer);
  if (payees.length === 0) return [recordOf(payer)];
  const rows = await selectRecords(
    session,
    payees.map((userId) => recordKey(userId, 1, key)),
  );
  const byUser = new Map(rows.map((row) => [BigInt(row[0]), recordOf(row)]));
  const legs = payees.map((userId) => {
    const record = byUser.get(userId);
    if (record !== undefined) return record;
    throw new Error(`event ${key.eventId} of user ${key.opUserId} has no record of payee ${userId}`);
  });
  return [recordOf(payer), ...legs];
}

function selectRecords(session: MysqlSession, keys: readonly string[]): Promise<RecordRow[]> {
  return session.rows<RecordRow>(
    `SELECT ${RECORD_COLUMNS} FROM user_asset_record FORCE INDEX (PRIMARY) WHERE ${isOneOf(keys)}`,
  );
}

/** As they are now: counters are merged by maximum, so newer ones answer a repetition as well. */
async function countersTouchedBy(
  session: MysqlSession,
  { eventId, opUserId }: Reversal,
  original: readonly AssetRecord[],
): Promise<Counters[]> {
  const payees = original.filter(({ role }) => role === 'payee');
  const gave = new Set(
    payees.length === 0
      ? []
      : (
          await selectRecords(
            session,
            payees.map(({ userId }) => recordKey(userId, 0, { opUserId, eventId })),
          )
        ).map(([userId]) => BigInt(userId)),
  );
  const touched = original.filter(({ role, userId }) => role === 'payer' || gave.has(userId));
  const names = new Set(touched.map(({ userId, assetType }) => accountKey(userId, assetType)));
  const counters = [...(await countersOfUsers(session, usersOf(touched))).values()].flat();
  return counters.filter(({ userId, assetType }) => names.has(accountKey(userId, assetType)));
}
