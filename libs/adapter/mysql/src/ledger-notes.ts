import { uuidFromBytes } from '@giftmesh/kernel-ids';
import type { AccountDelta, Anomaly } from '@giftmesh/domain-money';
import { ASSET_CODES, wordOf } from './ledger-codes';
import type { MysqlSession } from './mysql-session';
import { ascii, integer, parts, utf8, uuid } from './sql-literals';

/** What is wrong with an account after a batch. */
export interface NewAnomaly extends Pick<Anomaly, 'kind' | 'detail'> {
  readonly delta: AccountDelta;
}

const ANOMALIES_PER_STATEMENT = 1_000;

/** Writes down what must not happen. */
export async function insertAnomalies(
  session: MysqlSession,
  anomalies: readonly NewAnomaly[],
  noticedAtMs: number,
): Promise<void> {
  for (const part of parts(anomalies, ANOMALIES_PER_STATEMENT)) {
    const values = part.map(
      ({ kind, detail, delta }) =>
        `(${ascii(kind)},${delta.userId},${ASSET_CODES[delta.assetType]},${uuid(delta.lastDebitEventId)},` +
        `${utf8(detail)},${integer(noticedAtMs)})`,
    );
    await session.run(
      `INSERT INTO anomaly (kind, user_id, asset_type, event_id, detail, noticed_at_ms) VALUES ${values.join()}`,
    );
  }
}

/** The oldest anomalies. */
export async function selectAnomalies(session: MysqlSession, limit: number): Promise<Anomaly[]> {
  const rows = await session.rows<
    [id: string, kind: Anomaly['kind'], userId: string, asset: number, eventId: Buffer, detail: string, atMs: string]
  >(
    `SELECT id, kind, user_id, asset_type, event_id, detail, noticed_at_ms FROM anomaly
     ORDER BY id LIMIT ${integer(limit)}`,
  );
  return rows.map(([id, kind, userId, asset, eventId, detail, atMs]) => ({
    id: Number(id),
    kind,
    userId: BigInt(userId),
    assetType: wordOf(ASSET_CODES, asset),
    eventId: uuidFromBytes(eventId),
    detail,
    noticedAtMs: Number(atMs),
  }));
}
