import { createPool, type Pool, type PoolConnection, type ResultSetHeader } from 'mysql2/promise';
import { uuidToBytes } from '@giftmesh/kernel-ids';
import type { DecidedEvent } from '@giftmesh/domain-money';

/**
 * The ledger that one would write first, for the bench to compare with: a transaction a gift, which locks both accounts, changes them and
 * writes two records, with prepared statements on the same tables.
 */
export class NaiveLedger {
  readonly #pool: Pool;
  readonly #connections: number;

  constructor(url: string, connections: number) {
    this.#connections = connections;
    this.#pool = createPool({
      uri: url,
      connectionLimit: connections,
      supportBigNumbers: true,
      bigNumberStrings: true,
    });
  }

  /** Settles gifts, as many at a time as there are connections. */
  async settle(gifts: readonly DecidedEvent[]): Promise<void> {
    let next = 0;
    const work = async (): Promise<void> => {
      const connection = await this.#pool.getConnection();
      try {
        for (let gift = gifts[next++]; gift !== undefined; gift = gifts[next++]) await settleOnce(connection, gift);
      } finally {
        connection.release();
      }
    };
    await Promise.all(Array.from({ length: this.#connections }, work));
  }

  async close(): Promise<void> {
    await this.#pool.end();
  }
}

const LOCK = 'SELECT credited, debited FROM user_asset WHERE user_id = ? AND asset_type = ? FOR UPDATE';
const DEBIT = `INSERT INTO user_asset (user_id, asset_type, credited, reversed, debited, seq, debits)
  VALUES (?, 1, 0, 0, ?, ?, 1) ON DUPLICATE KEY UPDATE debited = debited + VALUES(debited), seq = seq + 1, debits = debits + 1`;
const CREDIT = `INSERT INTO user_asset (user_id, asset_type, credited, reversed, debited, seq, debits)
  VALUES (?, 2, ?, 0, 0, 0, 0) ON DUPLICATE KEY UPDATE credited = credited + VALUES(credited)`;
const RECORD = `INSERT INTO user_asset_record (user_id, role, event_id, op_user_id, event_type, outcome, biz_id, biz_type,
  obj_id, quantity, asset_type, incr, counterpart_user_id, applied_at_ms, balance_after, seq)
  VALUES (?, ?, ?, ?, 1, 0, ?, 1, ?, 1, ?, ?, ?, ?, ?, ?)`;

const ATTEMPTS_MAX = 20;
const DEADLOCK = 1213;

async function settleOnce(connection: PoolConnection, gift: DecidedEvent): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await settleOne(connection, gift);
    } catch (error) {
      if ((error as { errno?: number }).errno !== DEADLOCK || attempt === ATTEMPTS_MAX) throw error;
      await connection.rollback();
    }
  }
}

async function settleOne(connection: PoolConnection, { event, opUserBalance, seq }: DecidedEvent): Promise<void> {
  const payer = String(event.opUserId);
  const payee = String(event.toUserChanges[0]?.userId);
  const incr = String(event.toUserChanges[0]?.incr);
  const id = uuidToBytes(event.eventId);
  const bizId = String(event.bizId);
  const now = Date.now();
  await connection.beginTransaction();
  await connection.execute(LOCK, [payer, 1]);
  await connection.execute(LOCK, [payee, 2]);
  await connection.execute<ResultSetHeader>(DEBIT, [payer, incr, seq]);
  await connection.execute<ResultSetHeader>(CREDIT, [payee, incr]);
  const paid = [payer, 0, id, payer, bizId, event.objId, 1, `-${incr}`, payee, now, String(opUserBalance), seq];
  await connection.execute(RECORD, paid);
  await connection.execute(RECORD, [payee, 1, id, payer, bizId, event.objId, 2, incr, payer, now, null, null]);
  await connection.commit();
}
