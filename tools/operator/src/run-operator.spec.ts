import {
  appendFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lockDataFolder, openDatabase, SqliteEventLog, SqliteLedger } from '@giftmesh/adapter-sqlite';
import { LedgerUnavailableError, ShardMap, type LogEntry } from '@giftmesh/domain-money';
import { eventEntry, sampleDecided, sampleOrder } from '@giftmesh/domain-money/testing';
import { SimulatedClock } from '@giftmesh/kernel-time';
import { moneyLogCodec } from '@giftmesh/wire-money';
import { exitCodeOf, runOperator } from './run-operator';

const SHARDS = new ShardMap(256, 4);
const [ALICE, STAR] = [1001n, 9_000_001n] as const;
const PARTITION = SHARDS.partitionOf(ALICE);
const gift = (id: number, seq: number) => eventEntry(sampleDecided({ id, from: ALICE, to: STAR, amount: 7n, seq }));

describe('exitCodeOf', () => {
  it('tells a server that went away from what nobody has foreseen', () => {
    expect(exitCodeOf(new LedgerUnavailableError('the connection broke'))).toBe(69);
    expect(exitCodeOf(new TypeError('a bug'))).toBeUndefined();
  });
});

describe('the operator on a data folder', () => {
  let folder: string;
  let ledgerPath: string;

  const openLog = (): SqliteEventLog<LogEntry> =>
    new SqliteEventLog<LogEntry>({
      path: join(folder, 'events.sqlite'),
      codec: moneyLogCodec,
      partitionCount: SHARDS.partitionCount,
      writer: 'inline',
    });
  const openLedger = (): SqliteLedger =>
    new SqliteLedger({ path: ledgerPath, clock: new SimulatedClock(), shards: SHARDS });

  /** A folder after an evening: a recharge, one gift in the ledger, one that waits in the log. */
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'giftmesh-operator-'));
    ledgerPath = join(folder, 'ledger.sqlite');
    const log = openLog();
    const ledger = openLedger();
    await ledger.applyOrder(sampleOrder(1, ALICE, 100n));
    await log.append([gift(2, 1), gift(3, 2)].map((value) => ({ partition: PARTITION, value })));
    await ledger.apply([{ partition: PARTITION, fromOffset: 0, toOffset: 1, entries: [gift(2, 1)], parked: [] }]);
    await Promise.all([log.close(), ledger.close()]);
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const run = async (...args: string[]): Promise<{ code: number; out: string; err: string }> => {
    let [out, err] = ['', ''];
    const code = await runOperator([...args, '--data', folder], {
      stdout: { write: (text) => (out += text) },
      stderr: { write: (text) => (err += text) },
      environment: {},
    });
    return { code, out, err };
  };

  const change = (sql: string): void => {
    const file = { applicationId: 0x676d4c47, schemaVersion: 2, migrate: () => undefined, durability: 'none' } as const;
    const db = openDatabase(ledgerPath, file);
    db.exec(sql);
    db.close();
  };

  /** Every file with its content and time of change. The index of a write-ahead log lies in the memory of all, readers too. */
  const filesNow = (): unknown =>
    readdirSync(folder)
      .filter((name) => !name.endsWith('-shm'))
      .map((name) => [name, statSync(join(folder, name), { bigint: true }).mtimeNs, readFileSync(join(folder, name))]);

  it('reconciles, names what waits, and changes nothing', async () => {
    const before = filesNow();
    expect(readdirSync(folder)).toEqual(['events.sqlite', 'ledger.sqlite']);
    const { code, out } = await run('reconcile');
    expect(out).toContain('agree: no difference');
    expect(out).toContain('1 events wait');
    expect(out).toContain(sampleDecided({ id: 3, from: ALICE, to: STAR }).event.eventId);
    expect(out).toContain('no station works on this folder');
    expect(out).not.toContain('\u001b');
    expect(code).toBe(0);
    expect(filesNow()).toEqual(before);
    expect(readdirSync(folder)).toEqual(['events.sqlite', 'ledger.sqlite']);
  });

  it('runs beside a mesh: what the ledger has yet to apply is no difference, and no file is written', async () => {
    const log = openLog();
    const ledger = openLedger();
    try {
      await log.append([{ partition: PARTITION, value: gift(4, 3) }]);
      await ledger.apply([{ partition: PARTITION, fromOffset: 1, toOffset: 2, entries: [gift(3, 2)], parked: [] }]);
      const before = filesNow();
      expect(before).toHaveLength(4);
      const report = JSON.parse((await run('reconcile', '--json')).out) as Record<string, unknown>;
      expect(report).toMatchObject({
        clean: true,
        ledger: { events: 3 },
        log: {
          waiting: 1,
          waitingEvents: [{ eventId: sampleDecided({ id: 4, from: ALICE, to: STAR }).event.eventId }],
        },
        differenceCount: 0,
      });
      expect((await run('account', 'show', '1001')).code).toBe(0);
      expect((await run('dlq', 'list')).code).toBe(0);
      expect(filesNow()).toEqual(before);
      await ledger.apply([{ partition: PARTITION, fromOffset: 2, toOffset: 3, entries: [gift(4, 3)], parked: [] }]);
    } finally {
      await Promise.all([log.close(), ledger.close()]);
    }
    expect(JSON.parse((await run('reconcile', '--json')).out)).toMatchObject({ clean: true, log: { waiting: 0 } });
  });

  it('prints one JSON object and nothing else', async () => {
    const { code, out, err } = await run('reconcile', '--json');
    expect(err).toBe('');
    expect(JSON.parse(out)).toMatchObject({
      clean: true,
      ledger: { accounts: 2, events: 2, totals: { recharged: '100', balances: '100' } },
      log: { waiting: 1, waitingEvents: [{ opUserId: '1001', incr: '-7', outcome: 'applied' }] },
      store: { kind: 'skipped' },
      differenceCount: 0,
    });
    expect(code).toBe(0);
  });

  it('lists differences with their event ids', async () => {
    change(`UPDATE user_asset_record SET incr = incr + 1 WHERE user_id = ${STAR}`);
    const { code, out } = await run('reconcile');
    expect(code).toBe(1);
    expect(out).toContain('unbalanced_event');
    expect(out).toContain(sampleDecided({ id: 2, from: ALICE, to: STAR }).event.eventId);
    expect(out).toContain('do not agree: 2 differences');
  });

  it('is red while there are dead letters, and lists them', async () => {
    expect(await run('dlq', 'list')).toMatchObject({ code: 0, out: expect.stringContaining('No dead letters') });
    const ledger = openLedger();
    const payload = moneyLogCodec.encode(gift(3, 2));
    const parked = [{ offset: 1, reason: 'cannot be', payload }];
    await ledger.apply([{ partition: PARTITION, fromOffset: 1, toOffset: 2, entries: [], parked }]);
    await ledger.close();
    expect(await run('reconcile')).toMatchObject({ code: 1, out: expect.stringContaining('dead_letter') });
    const listed = await run('dlq', 'list');
    expect(listed).toMatchObject({ code: 1, out: expect.stringContaining('cannot be') });
    expect(listed.out).toContain(sampleDecided({ id: 3, from: ALICE, to: STAR }).event.eventId);
    expect(JSON.parse((await run('dlq', 'list', '--json')).out)).toMatchObject({
      deadLetters: [{ id: 1, offset: 1, opUserId: '1001', payload: Buffer.from(payload).toString('base64') }],
    });
  });

  it('is red when the ledger stands behind the end of the log', async () => {
    change(`UPDATE event_position SET next_offset = 9`);
    expect(await run('reconcile')).toMatchObject({ code: 1, out: expect.stringContaining("the ledger can't go on") });
    rmSync(join(folder, 'events.sqlite'));
    expect(await run('reconcile')).toMatchObject({ code: 1, out: expect.stringContaining('there is no log') });
  });

  it('shows an account', async () => {
    const { code, out } = await run('account', 'show', '1001');
    expect(code).toBe(0);
    expect(out).toMatch(/ledger +│ coin +│ +93 +│ +100 +│ +0 +│ +7 +│ +1 /);
    expect(out).toContain('order_wx');
    expect((await run('account', 'show', '5')).out).toContain('has no account');
    expect(out).toMatch(/0{11}3 +│ log +│ applied +│ +-7 /);
    expect(JSON.parse((await run('account', 'show', '1001', '--json', '--records', '2')).out)).toMatchObject({
      ledger: [{ userId: '1001', credited: '100', debited: '7', balance: '93' }],
      memory: null,
      pending: [{ where: 'log', role: 'payer', incr: '-7', seq: 2 }],
      records: [{ incr: '-7' }, { incr: '100' }],
    });
  });

  it('shows as many records of an account as are asked for, and what comes to it', async () => {
    const star = JSON.parse((await run('account', 'show', String(STAR), '--json', '--records', '1')).out) as unknown;
    expect(star).toMatchObject({
      ledger: [{ credited: '7' }],
      pending: [{ where: 'log', role: 'payee', incr: '7' }],
      records: [{ incr: '7' }],
    });
    expect(JSON.parse((await run('account', 'show', '1001', '--json', '--records', '1')).out)).toMatchObject({
      records: [{ incr: '-7' }],
    });
  });

  it('shows what waits for the ledger', async () => {
    const { code, out } = await run('outbox');
    expect(code).toBe(0);
    expect(out).toContain(sampleDecided({ id: 3, from: ALICE, to: STAR }).event.eventId);
    expect(out).toContain(
      "1 events wait in the log, 0 records there can't be read, and 0 events that count are parked",
    );
    expect(out).toContain('is in the memory of the station, and was not answered yet');
    const report = JSON.parse((await run('outbox', '--json', '--records', '1')).out) as { partitions: unknown[] };
    expect(report).toMatchObject({ waiting: 1, parked: 0, events: [{ opUserId: '1001', incr: '-7', seq: 2 }] });
    expect(report.partitions).toHaveLength(4);
    expect(report.partitions).toContainEqual({ partition: PARTITION, applied: 1, end: 2, behind: 1 });
    change(`UPDATE event_position SET next_offset = 9`);
    expect(await run('outbox')).toMatchObject({ code: 1, out: expect.stringContaining("the ledger can't go on") });
  });

  it('says when a station works on the folder and is not to be found', async () => {
    const lock = lockDataFolder(folder, 'station');
    try {
      expect((await run('reconcile')).out).toMatch(/a station works on it, but none at|accounts at 127.0.0.1:7002/);
      // Looking does not free it.
      expect(() => lockDataFolder(folder, 'station')).toThrow('another process is station');
    } finally {
      lock.release();
    }
    expect((await run('reconcile')).out).toContain('no station works on this folder');
  });

  it('needs the station that was named', async () => {
    expect(await run('reconcile', '--station', '127.0.0.1:1')).toMatchObject({
      code: 69,
      out: '',
      err: expect.stringContaining('no station answers at 127.0.0.1:1'),
    });
  });

  it('refuses files that are damaged or another program’s, and folders that are not there', async () => {
    const wholeLedger = readFileSync(ledgerPath);
    truncateSync(ledgerPath, Math.floor(statSync(ledgerPath).size / 2));
    expect(await run('reconcile')).toMatchObject({ code: 65, out: '', err: expect.stringContaining('ledger.sqlite') });
    writeFileSync(ledgerPath, 'these are not the books');
    appendFileSync(ledgerPath, Buffer.alloc(8192));
    expect(await run('dlq', 'list')).toMatchObject({ code: 65 });
    const logPath = join(folder, 'events.sqlite');
    writeFileSync(ledgerPath, wholeLedger);
    writeFileSync(logPath, 'this is not the log');
    expect(await run('reconcile')).toMatchObject({ code: 65, out: '', err: expect.stringContaining('events.sqlite') });
    rmSync(ledgerPath);
    expect(await run('reconcile')).toMatchObject({ code: 66, err: expect.stringContaining('no ledger.sqlite') });
    const none = { stdout: { write: () => true }, stderr: { write: () => true }, environment: {} };
    expect(await runOperator(['reconcile', '--data', join(folder, 'none')], none)).toBe(66);
  });
});
