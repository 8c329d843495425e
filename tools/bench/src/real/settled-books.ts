import { credentials, Metadata } from '@grpc/grpc-js';
import { createConnection, type Connection, type RowDataPacket } from 'mysql2/promise';
import { auditLedgerDatabase, MysqlLedgerView } from '@giftmesh/adapter-mysql';
import { common, station } from '@giftmesh/contract';
import type { LedgerAuditReport } from '@giftmesh/domain-money';

const USERS_AT_ONCE = 500;
const DEADLINE_MS = 30_000;
const LOOK_EVERY_MS = 100;
/** How often store and ledger are compared before they count as different, and how long is waited between. */
const LOOKS_MAX = 10;
const LOOK_AGAIN_MS = 1_000;
/** Without progress for this long, what is not settled never will be. */
const STALL_LIMIT_MS = 60_000;

/** The ledger and the store of a run, compared. */
export class SettledBooks {
  readonly #station: station.PaymentStationServiceClient;

  private constructor(
    private readonly url: string,
    private readonly sql: Connection,
    address: string,
  ) {
    this.#station = new station.PaymentStationServiceClient(address, credentials.createInsecure());
  }

  /** @param address `host:port` of the station. */
  static async open(url: string, address: string): Promise<SettledBooks> {
    return new SettledBooks(url, await createConnection(url), address);
  }

  async close(): Promise<void> {
    this.#station.close();
    await this.sql.end();
  }

  /** How many debits the ledger has. */
  async debits(): Promise<number> {
    const [rows] = await this.sql.query<(RowDataPacket & { debits: string | null })[]>(
      'SELECT CAST(SUM(debits) AS CHAR) AS debits FROM user_asset',
    );
    return Number(rows[0]?.debits ?? 0);
  }

  /** Resolves when the ledger has as many debits; rejects when it comes no closer for a minute. */
  async untilDebits(count: number): Promise<void> {
    for (let [last, movedMs] = [-1, performance.now()]; ;) {
      const debits = await this.debits();
      if (debits >= count) return;
      if (debits !== last) [last, movedMs] = [debits, performance.now()];
      else if (performance.now() - movedMs > STALL_LIMIT_MS)
        throw new Error(`the ledger has ${debits} debits of ${count}, and no more for ${STALL_LIMIT_MS} ms`);
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    }
  }

  /** How many debits, and what sum, one user got by gifts: of her records. */
  async incomeOf(userId: bigint): Promise<{ gifts: number; coins: bigint }> {
    const [rows] = await this.sql.query<(RowDataPacket & { gifts: number; coins: string })[]>(
      `SELECT COUNT(*) AS gifts, CAST(COALESCE(SUM(incr), 0) AS CHAR) AS coins FROM user_asset_record
        WHERE user_id = ${userId} AND role = 1 AND event_type = 1`,
    );
    return { gifts: Number(rows[0]?.gifts ?? 0), coins: BigInt(rows[0]?.coins ?? 0) };
  }

  /** Proves that the ledger agrees with itself: every balance is the sum of its records. */
  audit(): Promise<LedgerAuditReport> {
    return auditLedgerDatabase({ url: this.url });
  }

  /** Accounts whose counters differ between store and ledger, in words. Looks again for a while: notices may be under way. */
  async differences(userIds: readonly bigint[]): Promise<string[]> {
    for (let look = 1; ; look += 1) {
      const different = await this.#compare(userIds);
      if (different.length === 0 || look === LOOKS_MAX) return different;
      await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
    }
  }

  async #compare(userIds: readonly bigint[]): Promise<string[]> {
    const view = await MysqlLedgerView.open({ url: this.url });
    try {
      const different: string[] = [];
      for (let from = 0; from < userIds.length; from += USERS_AT_ONCE) {
        const part = userIds.slice(from, from + USERS_AT_ONCE);
        const [stored, ledger] = await Promise.all([this.#stored(part), view.accountsOf(part)]);
        const booked = new Map(ledger.filter(isCoins).map((account) => [account.userId, account]));
        for (const userId of part) {
          const { credited = 0n, reversed = 0n, debited = 0n } = booked.get(userId) ?? {};
          const said = `credited ${credited}, reversed ${reversed}, debited ${debited}`;
          const known = stored.get(userId);
          if (known !== said) different.push(`user ${userId}: store ${known}, ledger ${said}`);
        }
      }
      return different;
    } finally {
      await view.close();
    }
  }

  #stored(userIds: readonly bigint[]): Promise<Map<bigint, string>> {
    return new Promise((resolve, reject) => {
      const options = { deadline: Date.now() + DEADLINE_MS };
      this.#station.getAssets(
        { userIds: [...userIds], cachedOnly: false },
        new Metadata(),
        options,
        (error, answer) => {
          if (error !== null) return reject(error);
          const coins = answer.users.map(({ userId, assets }): [bigint, string] => {
            const counters = assets.find(({ assetType }) => assetType === common.AssetType.COIN)?.counters;
            const { credited = 0n, reversed = 0n, debited = 0n } = counters ?? {};
            return [userId, `credited ${credited}, reversed ${reversed}, debited ${debited}`];
          });
          resolve(new Map(coins));
        },
      );
    });
  }
}

function isCoins({ assetType }: { readonly assetType: string }): boolean {
  return assetType === 'coin';
}
