import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import BetterSqlite3 from 'better-sqlite3';
import { SimulatedClock } from '@giftmesh/kernel-time';
import { ShardMap, type LedgerAuditOptions, type LedgerAuditReport } from '@giftmesh/domain-money';
import { fillBooks, type AuditedLedgers, type DamageValue } from '@giftmesh/domain-money/testing';
import { SqliteLedger } from './ledger';
import { auditLedgerFile } from './ledger-audit';

/** Ledgers' files in a folder of their own. */
export class AuditFolder implements AuditedLedgers {
  readonly #folder = mkdtempSync(join(tmpdir(), 'giftmesh-audit-'));
  #files = 0;
  #ledger: SqliteLedger | undefined;
  /** The file that is audited. */
  #path = '';
  /** One with whole books that nobody has open. */
  #whole: string | undefined;

  async empty(): Promise<SqliteLedger> {
    await this.#ledger?.close();
    this.#path = this.#nextPath();
    this.#ledger = new SqliteLedger({
      path: this.#path,
      clock: new SimulatedClock(),
      shards: new ShardMap(4, 2),
      durability: 'none',
    });
    return this.#ledger;
  }

  async whole(): Promise<void> {
    if (this.#whole === undefined) {
      const ledger = await this.empty();
      await fillBooks(ledger);
      await ledger.close();
      this.#ledger = undefined;
      this.#whole = this.#path;
    }
    this.#path = this.#nextPath();
    copyFileSync(this.#whole, this.#path);
  }

  async damage(sql: string, values: readonly DamageValue[]): Promise<number> {
    const db = new BetterSqlite3(this.#path);
    try {
      return db.prepare(sql).run(...values).changes;
    } finally {
      db.close();
    }
  }

  async audit(options: LedgerAuditOptions = {}): Promise<LedgerAuditReport> {
    return auditLedgerFile({ ...options, path: this.#path });
  }

  async dispose(): Promise<void> {
    await this.#ledger?.close();
    rmSync(this.#folder, { recursive: true });
  }

  /** A path in the folder. */
  path(name: string): string {
    return join(this.#folder, name);
  }

  #nextPath(): string {
    return this.path(`ledger-${(this.#files += 1)}.db`);
  }
}
