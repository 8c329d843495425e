import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ShardMap, type LedgerSlice } from '@giftmesh/domain-money';
import { eventEntry, sampleDecided, sampleOrder } from '@giftmesh/domain-money/testing';
import { SimulatedClock } from '@giftmesh/kernel-time';
import { startMariaDb, type MariaDbServer } from '@giftmesh/tool-infra';
import { LedgerUnavailableError } from './ledger-database-error';
import { MysqlLedger } from './ledger';
import { auditLedgerDatabase } from './ledger-view';
import { lossyLink, type LossyLink } from './lossy-link';

const [ALICE, STAR] = [1n, 2n] as const;

let folder: string;
let server: MariaDbServer;
let link: LossyLink;
let ledger: MysqlLedger;

beforeAll(async () => {
  // Of its own, so that it outlives the server.
  folder = await mkdtemp(join(tmpdir(), 'giftmesh-mysql-faults-'));
  server = await startMariaDb({ folder });
  link = await lossyLink(server.port);
  ledger = await MysqlLedger.open({
    url: server.url.replace(`:${server.port}/`, `:${link.port}/`),
    clock: new SimulatedClock(),
    shards: new ShardMap(16, 4),
    lockWaitS: 1,
    statementTimeoutMs: 2_000,
  });
  await ledger.applyOrder(sampleOrder(900, ALICE, 1_000_000n));
}, 60_000);
afterAll(async () => {
  await ledger.close();
  await link.close();
  await server.kill();
  await rm(folder, { recursive: true });
});
afterEach(() => void (link.onStatement = () => 'pass'));

const restart = async (): Promise<void> => {
  server = await startMariaDb({ folder, port: server.port });
};
const offset = async (): Promise<number> => (await ledger.positions())[0]?.offset ?? 0;
/** The next three gifts of the log. */
const next = (from: number): LedgerSlice => ({
  partition: 0,
  fromOffset: from,
  toOffset: from + 3,
  entries: [1, 2, 3].map((n) =>
    eventEntry(sampleDecided({ id: from + n, from: ALICE, to: STAR, amount: 1n, seq: from + n })),
  ),
  parked: [],
});

/** Proves that the books agree with themselves and with the position. */
async function check(): Promise<void> {
  const report = await auditLedgerDatabase({ url: server.url });
  expect(report.differences).toEqual([]);
  const credited = (await ledger.counters([STAR]))[0]?.credited ?? 0n;
  expect(Number(credited)).toBe(await offset());
}

describe('a server that goes away', () => {
  test.each(['INSERT INTO user_asset_record', 'INSERT INTO user_asset (', 'COMMIT'])(
    'killed at %s: after its restart nothing is half done, and the position tells where to go on',
    async (statement) => {
      await ledger.apply([next(await offset())]);
      const from = await offset();
      let isKilled = false;
      link.onStatement = async (text) => {
        if (!text.startsWith(statement)) return 'pass';
        isKilled = true;
        await server.kill();
        return 'cut';
      };
      await expect(ledger.apply([next(from)])).rejects.toThrow(LedgerUnavailableError);
      expect(isKilled).toBe(true);
      expect(ledger.healthy()).toBe(false);
      // Still away: fails at once.
      await expect(ledger.positions()).rejects.toThrow(LedgerUnavailableError);
      await restart();
      link.onStatement = () => 'pass';
      expect(await offset()).toBe(from);
      await check();
      expect(await ledger.apply([next(from)])).toMatchObject({ applied: 3, duplicates: 0 });
      expect(ledger.healthy()).toBe(true);
      await check();
    },
    60_000,
  );

  test('killed at any moment under load: what was answered is there', async () => {
    let answered = await offset();
    const killing = new Promise((resolve) => setTimeout(resolve, 100)).then(() => server.kill());
    for (;;) {
      try {
        await ledger.apply([next(answered)]);
        answered += 3;
      } catch (error) {
        expect(error).toBeInstanceOf(LedgerUnavailableError);
        break;
      }
    }
    await killing;
    await restart();
    // The last one, which was not answered, may be there or not.
    expect([answered, answered + 3]).toContain(await offset());
    await check();
  }, 60_000);

  test('frozen: calls end by their time, and go on when it does', async () => {
    const from = await offset();
    server.pause();
    const startMs = performance.now();
    await expect(ledger.apply([next(from)])).rejects.toThrow(LedgerUnavailableError);
    expect(performance.now() - startMs).toBeLessThan(8_000);
    server.resume();
    // What was under way when it froze may have been done.
    const now = await offset();
    await check();
    expect(await ledger.apply([next(now)])).toMatchObject({ applied: 3 });
    await check();
  }, 60_000);

  test('closed, the ledger is unhealthy and refuses', async () => {
    const other = await MysqlLedger.open({ url: server.url, clock: new SimulatedClock(), shards: new ShardMap(16, 4) });
    await other.close();
    await other.close();
    expect(other.healthy()).toBe(false);
    await expect(other.counters([1n])).rejects.toThrow(LedgerUnavailableError);
  });
});
