import { createConnection } from 'mysql2/promise';
import { MysqlLedger } from '@giftmesh/adapter-mysql';
import type { ShardMap } from '@giftmesh/domain-money';
import { systemClock } from '@giftmesh/kernel-time';

/** Makes the tables of our ledger in a new database `name` beside the one of `url`, or in that one, and returns the URL. */
export async function newDatabase(url: string, name: string | undefined, shards: ShardMap): Promise<string> {
  const own = new URL(url);
  if (name !== undefined) {
    const sql = await createConnection(url);
    await sql.query(`CREATE DATABASE ${name}`);
    await sql.end();
    own.pathname = `/${name}`;
  }
  const ledger = await MysqlLedger.open({ url: own.href, clock: systemClock, shards });
  await ledger.close();
  return own.href;
}
