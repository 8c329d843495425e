import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ShardMap } from '@giftmesh/domain-money';
import { eventEntry, sampleDecided } from '@giftmesh/domain-money/testing';
import { systemClock } from '@giftmesh/kernel-time';
import { startMariaDb } from '@giftmesh/tool-infra';
import * as mysql from './index';

type Example = (...values: readonly unknown[]) => Promise<unknown>;

describe('README.md', () => {
  it('has an example that works', async () => {
    const readme = readFileSync(join(__dirname, '../README.md'), 'utf8');
    const code = /^```ts\n([\s\S]*?)^```/m.exec(readme)?.[1]?.replace(/^import .*\n/gm, '') ?? '';
    expect(code).toContain('ledger.apply(');
    const server = await startMariaDb();
    try {
      const { MysqlLedger, auditLedgerDatabase } = mysql;
      // Refused, so that nobody needs money for it.
      const entry = eventEntry(sampleDecided({ id: 1, from: 11n, to: 12n, refused: true }));
      const parts = { MysqlLedger, auditLedgerDatabase, ShardMap, url: server.url, clock: systemClock, entry };
      const AsyncFunction = (async () => undefined).constructor as new (...texts: readonly string[]) => Example;
      const seen = await new AsyncFunction(...Object.keys(parts), code)(...Object.values(parts));
      expect(seen).toEqual({ applied: 1, differences: 0 });
    } finally {
      await server.kill();
    }
  }, 60_000);
});
