import { uuidFromBytes } from '@giftmesh/kernel-ids';
import { LedgerRejectError, type DecidedEvent, type EventKey } from '@giftmesh/domain-money';
import { ASSET_CODES, BIZ_CODES, EVENT_TYPE_CODES, OUTCOME_CODES } from './ledger-codes';
import { KEYS_PER_QUERY } from './ledger-accounts';
import { RECORD_COLUMNS } from './ledger-rows';
import { RaceLostError } from './mysql-connections';
import type { MysqlSession } from './mysql-session';
import { isDuplicateKey } from './server-errors';
import { ascii, list, parts, uuid } from './sql-literals';

/** Records that one statement writes, and as many more as belong to its last event: below half a megabyte of text. */
export const RECORDS_PER_STATEMENT = 2_000;
/** What the station decides; all else is the ledger's own. */
const DECIDED_TYPES = `${EVENT_TYPE_CODES.interact_gift}, ${EVENT_TYPE_CODES.withdrawal}`;
/** Looks at what is on record while others write the same events. */
const LOOKS_MAX = 4;

/**
 * Writes the records of events, none of which is named twice, and returns the events that were new, in order.
 *
 * A plain `INSERT` of all: that it succeeds proves that every one was new, by the primary key and nothing else. Counts of affected rows
 * prove nothing (a driver or a proxy may ask for the rows found instead), and `INSERT IGNORE` cuts what doesn't fit. When a key is there
 * already, which is rare, the server takes the statement back, and what is on record is looked up and left out.
 *
 * Throws {@link LedgerRejectError} for an event in the place of an order or a reversal.
 */
export async function insertEvents(
  session: MysqlSession,
  events: readonly DecidedEvent[],
  appliedAtMs: number,
): Promise<DecidedEvent[]> {
  const fresh: DecidedEvent[] = [];
  for (const part of statementParts(events)) fresh.push(...(await insertPart(session, part, appliedAtMs)));
  return fresh;
}

/** Whole events a statement, so that a statement that was taken back leaves none half done. */
function* statementParts(events: readonly DecidedEvent[]): Generator<readonly DecidedEvent[]> {
  let from = 0;
  let records = 0;
  for (let index = 0; index < events.length; index += 1) {
    records += 1 + (events[index] as DecidedEvent).event.toUserChanges.length;
    if (records < RECORDS_PER_STATEMENT) continue;
    yield events.slice(from, index + 1);
    from = index + 1;
    records = 0;
  }
  if (from < events.length) yield events.slice(from);
}

async function insertPart(
  session: MysqlSession,
  events: readonly DecidedEvent[],
  appliedAtMs: number,
): Promise<readonly DecidedEvent[]> {
  let left = events;
  for (let look = 0; look <= LOOKS_MAX && left.length > 0; look += 1) {
    try {
      await session.run(insertText(left, appliedAtMs));
      return left;
    } catch (error) {
      if (!isDuplicateKey(error)) throw error;
    }
    const before = left;
    left = await notOnRecord(session, left);
    if (left.length === before.length) await rejectTakenPlaces(session, left);
  }
  if (left.length === 0) return left;
  throw new RaceLostError('others keep writing the same events');
}

async function notOnRecord(session: MysqlSession, events: readonly DecidedEvent[]): Promise<DecidedEvent[]> {
  const known = new Set<string>();
  for (const part of parts(events, KEYS_PER_QUERY)) {
    const keys = part.map(({ event }) => recordKey(event.opUserId, 0, event));
    const rows = await session.rows<[userId: string, eventId: Buffer, eventType: number]>(
      `SELECT user_id, event_id, event_type FROM user_asset_record FORCE INDEX (PRIMARY) WHERE ${isOneOf(keys)}`,
    );
    for (const [userId, bytes, eventType] of rows) {
      const eventId = uuidFromBytes(bytes);
      if (eventType === EVENT_TYPE_CODES.reversal) throw collision({ opUserId: BigInt(userId), eventId });
      known.add(`${eventId}/${userId}`);
    }
  }
  return events.filter(({ event }) => !known.has(`${event.eventId}/${event.opUserId}`));
}

/** None of the events is on record, yet a record's place is taken: by an order or a reversal with the same id. */
async function rejectTakenPlaces(session: MysqlSession, events: readonly DecidedEvent[]): Promise<void> {
  const places = events.flatMap(({ event, outcome }) =>
    outcome === 'applied' ? event.toUserChanges.map(({ userId }) => recordKey(userId, 1, event)) : [],
  );
  for (const part of parts(places, KEYS_PER_QUERY)) {
    const [row] = await session.rows<[opUserId: string, eventId: Buffer]>(
      `SELECT op_user_id, event_id FROM user_asset_record FORCE INDEX (PRIMARY) 
       WHERE ${isOneOf(part)} AND event_type NOT IN (${DECIDED_TYPES}) LIMIT 1`,
    );
    if (row !== undefined) throw collision({ opUserId: BigInt(row[0]), eventId: uuidFromBytes(row[1]) });
  }
}

/** A record's key, for {@link isOneOf}. */
export function recordKey(userId: bigint, role: 0 | 1, { opUserId, eventId }: EventKey): string {
  return `(${userId},${role},${uuid(eventId)},${opUserId})`;
}

/** The condition for records with one of these keys. As tuples: of conditions joined by OR, planning takes longer than reading. */
export function isOneOf(keys: readonly string[]): string {
  return `(user_id, role, event_id, op_user_id) IN ${list(keys)}`;
}

function insertText(events: readonly DecidedEvent[], appliedAtMs: number): string {
  let text = '';
  for (const decided of events) text += valuesOf(decided, appliedAtMs);
  return `INSERT INTO user_asset_record (${RECORD_COLUMNS}) VALUES ${text.slice(1)}`;
}

/** The rows of an event, each behind a comma. */
function valuesOf(decided: DecidedEvent, appliedAtMs: number): string {
  const { event, outcome } = decided;
  const { opUserId, opUserChange, toUserChanges } = event;
  const id = uuid(event.eventId);
  const type = EVENT_TYPE_CODES[event.eventType];
  const what = `${event.bizId},${BIZ_CODES[event.bizType]},${ascii(event.objId)},${event.quantity}`;
  const single = toUserChanges.length === 1 ? toUserChanges[0] : undefined;
  const payees = toUserChanges.length > 1 ? `'${toUserChanges.map(({ userId }) => userId).join()}'` : 'NULL';
  let text =
    `,(${opUserId},0,${id},${opUserId},${type},${OUTCOME_CODES[outcome]},${what},` +
    `${ASSET_CODES[opUserChange.assetType]},${opUserChange.incr},${single?.userId ?? 0n},${appliedAtMs},` +
    `${decided.opUserBalance},${decided.seq},${BigInt.asIntN(64, decided.fingerprint)},${payees})`;
  if (outcome !== 'applied') return text;
  for (const { userId, assetType, incr } of toUserChanges)
    text +=
      `,(${userId},1,${id},${opUserId},${type},0,${what},` +
      `${ASSET_CODES[assetType]},${incr},${opUserId},${appliedAtMs},NULL,NULL,NULL,NULL)`;
  return text;
}

function collision({ eventId, opUserId }: EventKey): LedgerRejectError {
  return new LedgerRejectError(`event ${eventId} of user ${opUserId} has the id of an order or a reversal`);
}
