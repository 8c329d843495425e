import { createConnection, createPool, type Pool, type PoolConnection, type RowDataPacket } from 'mysql2/promise';
import { uuidToBytes } from '@giftmesh/kernel-ids';

/** A gift as the naive ledger takes it: one viewer pays coins, one streamer gets as many diamonds. */
export interface NaiveGift {
  readonly eventId: string;
  readonly opUserId: bigint;
  readonly streamerId: bigint;
  readonly incr: bigint;
  readonly roomId: bigint;
  readonly objId: string;
}

/** The viewer has too little. */
export class InsufficientBalanceError extends Error {
  override readonly name = 'InsufficientBalanceError';
}

type AccountRow = RowDataPacket & [assetType: number, balance: string, seq: string];

const LOCK = (userId: string, assetType: string): string =>
  `SELECT credited - reversed - debited, seq FROM user_asset WHERE user_id = ${userId} AND asset_type = ${assetType} FOR UPDATE`;
const LOCK_PAYER = LOCK('?', '1');
const LOCK_PAYEE = LOCK('?', '2');
const DEBIT = `INSERT INTO user_asset (user_id, asset_type, credited, reversed, debited, seq, debits)
  VALUES (?, 1, 0, 0, ?, 1, 1) ON DUPLICATE KEY UPDATE debited = debited + VALUES(debited), seq = seq + 1, debits = debits + 1`;
const CREDIT = `INSERT INTO user_asset (user_id, asset_type, credited, reversed, debited, seq, debits)
  VALUES (?, 2, ?, 0, 0, 0, 0) ON DUPLICATE KEY UPDATE credited = credited + VALUES(credited)`;
const LEG = '(?, ?, ?, ?, 1, 0, ?, 1, ?, 1, ?, ?, ?, ?, ?, ?)';
const RECORDS = `INSERT INTO user_asset_record (user_id, role, event_id, op_user_id, event_type, outcome, biz_id, biz_type,
  obj_id, quantity, asset_type, incr, counterpart_user_id, applied_at_ms, balance_after, seq) VALUES ${LEG}, ${LEG}`;

const ATTEMPTS_MAX = 20;
const DEADLOCK = 1213;
/** Accounts of one statement. */
const FUNDED_AT_ONCE = 5_000;

/**
 * The ledger that one would write first, to compare with: a transaction a gift, which locks both accounts, changes them and writes two
 * records, with prepared statements on the same tables as ours. The account that all want is locked last, so it is held no longer than
 * it must be; both records are one statement.
 */
export class NaiveLedger {
  readonly #pool: Pool;

  /** @param connections Transactions at a time; further gifts wait. */
  constructor(
    url: string,
    readonly connections: number,
  ) {
    this.#pool = createPool({
      uri: url,
      connectionLimit: connections,
      supportBigNumbers: true,
      bigNumberStrings: true,
      rowsAsArray: true,
    });
  }

  /** Resolves to the payer's balance when it is committed. Rejects with {@link InsufficientBalanceError}. */
  async give(gift: NaiveGift): Promise<bigint> {
    const connection = await this.#pool.getConnection();
    try {
      return await untilNoDeadlock(connection, gift);
    } finally {
      connection.release();
    }
  }

  /** Settles gifts, as many at a time as there are connections. */
  async giveAll(gifts: readonly NaiveGift[]): Promise<void> {
    let next = 0;
    const work = async (): Promise<void> => {
      for (let gift = gifts[next++]; gift !== undefined; gift = gifts[next++]) await this.give(gift);
    };
    await Promise.all(Array.from({ length: this.connections }, work));
  }

  async close(): Promise<void> {
    await this.#pool.end();
  }
}

/** Makes accounts: payers with coins enough, payees with nothing. */
export async function fundAccounts(
  url: string,
  payers: readonly bigint[],
  payees: readonly bigint[],
  coins: bigint,
): Promise<void> {
  const sql = await createConnection(url);
  const accounts = [
    ...payers.map((userId) => `(${userId},1,${coins},0,0,0,0)`),
    ...payees.map((userId) => `(${userId},2,0,0,0,0,0)`),
  ];
  for (let from = 0; from < accounts.length; from += FUNDED_AT_ONCE)
    await sql.query(
      `INSERT INTO user_asset (user_id, asset_type, credited, reversed, debited, seq, debits)
        VALUES ${accounts.slice(from, from + FUNDED_AT_ONCE).join()}`,
    );
  await sql.end();
}

async function untilNoDeadlock(connection: PoolConnection, gift: NaiveGift): Promise<bigint> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await giveOnce(connection, gift);
    } catch (error) {
      await connection.rollback();
      if ((error as { errno?: number }).errno !== DEADLOCK || attempt === ATTEMPTS_MAX) throw error;
    }
  }
}

async function giveOnce(connection: PoolConnection, gift: NaiveGift): Promise<bigint> {
  const [payer, payee, incr] = [String(gift.opUserId), String(gift.streamerId), String(gift.incr)];
  const id = uuidToBytes(gift.eventId);
  const roomId = String(gift.roomId);
  const now = Date.now();
  await connection.beginTransaction();
  const [[account]] = await connection.execute<AccountRow[]>(LOCK_PAYER, [payer]);
  const [before, seq] = [BigInt(account?.[0] ?? 0), Number(account?.[1] ?? 0) + 1];
  if (before < gift.incr) throw new InsufficientBalanceError(`user ${payer} has ${before}, and the gift is ${incr}`);
  const after = before - gift.incr;
  const paid = [payer, 0, id, payer, roomId, gift.objId, 1, `-${incr}`, payee, now, String(after), seq];
  const got = [payee, 1, id, payer, roomId, gift.objId, 2, incr, payer, now, null, null];
  await connection.execute(RECORDS, [...paid, ...got]);
  await connection.execute(DEBIT, [payer, incr]);
  await connection.execute<AccountRow[]>(LOCK_PAYEE, [payee]);
  await connection.execute(CREDIT, [payee, incr]);
  await connection.commit();
  return after;
}
