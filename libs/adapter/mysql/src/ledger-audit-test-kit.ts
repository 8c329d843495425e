import type { ResultSetHeader } from 'mysql2/promise';
import { ShardMap, type LedgerAuditOptions, type LedgerAuditReport } from '@giftmesh/domain-money';
import { fillBooks, type AuditedLedgers, type DamageValue } from '@giftmesh/domain-money/testing';
import { SimulatedClock } from '@giftmesh/kernel-time';
import { MysqlLedger } from './ledger';
import { auditLedgerDatabase } from './ledger-view';
import { freshDatabase, type TestDatabase } from './mysql-test-kit';
import { TABLES } from './schema-migrations';

/** A ledger on a test's database, with a clock of its own. */
export function openLedger(url: string): Promise<MysqlLedger> {
  return MysqlLedger.open({ url, clock: new SimulatedClock(), shards: new ShardMap(4, 2), allowUnsafeServer: true });
}

/** Ledgers one after another, in a database of their own. */
export class AuditDatabase implements AuditedLedgers {
  #ledger: MysqlLedger | undefined;
  #restore: (() => Promise<void>) | undefined;

  private constructor(private readonly database: TestDatabase) {}

  static async on(serverUrl: string): Promise<AuditDatabase> {
    return new AuditDatabase(await freshDatabase(serverUrl));
  }

  async empty(): Promise<MysqlLedger> {
    if (this.#ledger !== undefined) await this.database.empty();
    await this.#ledger?.close();
    this.#ledger = await openLedger(this.database.url);
    return this.#ledger;
  }

  async whole(): Promise<void> {
    if (this.#restore === undefined) {
      await fillBooks(await this.empty());
      this.#restore = await keepTables(this.database);
    }
    await this.#restore();
  }

  async damage(sql: string, values: readonly DamageValue[]): Promise<number> {
    let index = 0;
    const text = sql.replaceAll('?', () => literal(values[index++] as DamageValue));
    return (await this.database.sql.query<ResultSetHeader>(text))[0].affectedRows;
  }

  audit(options: LedgerAuditOptions = {}): Promise<LedgerAuditReport> {
    return auditLedgerDatabase({ ...options, url: this.database.url });
  }

  async dispose(): Promise<void> {
    await this.#ledger?.close();
    await this.database.drop();
  }
}

/** Keeps what a database has, and returns how to bring it back. */
async function keepTables({ sql }: TestDatabase): Promise<() => Promise<void>> {
  for (const { name } of TABLES) {
    await sql.query(`CREATE TABLE kept_${name} LIKE ${name}`);
    await sql.query(`INSERT INTO kept_${name} SELECT * FROM ${name}`);
  }
  return async () => {
    for (const { name } of TABLES) {
      await sql.query(`DELETE FROM ${name}`);
      await sql.query(`INSERT INTO ${name} SELECT * FROM kept_${name}`);
    }
  };
}

function literal(value: DamageValue): string {
  if (typeof value === 'bigint') return String(value);
  return typeof value === 'string' ? `'${value}'` : `0x${Buffer.from(value).toString('hex')}`;
}
