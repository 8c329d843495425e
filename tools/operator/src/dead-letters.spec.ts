import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDatabase, SqliteEventLog, SqliteLedger } from '@giftmesh/adapter-sqlite';
import { ShardMap, type Codec, type LogEntry } from '@giftmesh/domain-money';
import { eventEntry, fenceEntry, sampleDecided, sampleId, sampleOrder } from '@giftmesh/domain-money/testing';
import { sleep, systemClock } from '@giftmesh/kernel-time';
import { createPaymentDa, type PaymentDa } from '@giftmesh/service-payment-da';
import { moneyLogCodec } from '@giftmesh/wire-money';
import { runOperator } from './run-operator';

const SHARDS = new ShardMap(256, 4);
const [ALICE, STAR] = [1001n, 9_000_001n] as const;
const PARTITION = SHARDS.partitionOf(ALICE);
const gift = (seq: number, more: { readonly to?: bigint; readonly generation?: number } = {}): LogEntry =>
  eventEntry(sampleDecided({ id: seq + 1, from: ALICE, to: more.to ?? STAR, amount: 7n, seq, ...more }));
/** Has the id of her recharge, and would stand in its place: no ledger can ever write it. */
const COLLISION = eventEntry(sampleDecided({ id: 1, from: ALICE, to: ALICE, amount: 7n, seq: 4 }));

/** An older version's codec: it can't read the gifts with these numbers. */
const olderCodec = (...numbers: readonly number[]): Codec<LogEntry> => ({
  encode: (entry) => moneyLogCodec.encode(entry),
  decode: (bytes) => {
    const entry = moneyLogCodec.decode(bytes);
    if (entry.kind === 'event' && numbers.includes(entry.decided.seq)) throw new Error('no such event type');
    return entry;
  },
});

describe('dead letters in a data folder', () => {
  let folder: string;
  let ledgerPath: string;
  let close: (() => Promise<void>)[];

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'giftmesh-dead-letters-'));
    ledgerPath = join(folder, 'ledger.sqlite');
    close = [];
    const ledger = new SqliteLedger({ path: ledgerPath, clock: systemClock, shards: SHARDS });
    await ledger.applyOrder(sampleOrder(1, ALICE, 100n));
    await ledger.close();
  });
  afterEach(async () => {
    await stop();
    rmSync(folder, { recursive: true });
  });

  const stop = async (): Promise<void> => {
    for (const one of close.splice(0)) await one();
  };

  const openLog = (codec: Codec<LogEntry>): SqliteEventLog<LogEntry> =>
    new SqliteEventLog({
      path: join(folder, 'events.sqlite'),
      codec,
      partitionCount: SHARDS.partitionCount,
      writer: 'inline',
    });

  /** A Payment-DA on the folder, as its own process would be: other connections to the same files. */
  const startDa = (codec: Codec<LogEntry>) => {
    // The station's handle and the DA's: only what stands in the file goes from one to the other.
    const [station, log] = [moneyLogCodec, codec].map(openLog) as [SqliteEventLog<LogEntry>, SqliteEventLog<LogEntry>];
    const ledger = new SqliteLedger({ path: ledgerPath, clock: systemClock, shards: SHARDS, durability: 'none' });
    const notices = { publish: async () => undefined, subscribe: () => async () => undefined };
    const da = createPaymentDa({ clock: systemClock, log, codec, ledger, notices, shards: SHARDS });
    da.start();
    close.push(async () => {
      await da.close();
      await Promise.all([station.close(), log.close(), ledger.close()]);
    });
    const append = (...entries: readonly LogEntry[]): Promise<void> =>
      station.append(entries.map((value) => ({ partition: PARTITION, value })));
    return { da, ledger, append };
  };

  const until = async (reached: () => boolean | Promise<boolean>): Promise<void> => {
    for (let waits = 0; !(await reached()); waits += 1) {
      if (waits > 500) throw new Error('waited in vain');
      await sleep(systemClock, 10);
    }
  };
  const settledAll = ({ settler }: PaymentDa, events: number) =>
    until(() => settler.stats.applied + settler.stats.parked + settler.stats.fenced === events);

  /** A mesh of an older version has worked on the folder: gifts 1, 2, 3 and 5 and one that no ledger takes; 2 and 3 it can't read. */
  const anEvening = async (): Promise<void> => {
    const { da, append } = startDa(olderCodec(2, 3));
    await append(gift(1), gift(2), gift(3), COLLISION, gift(5));
    await settledAll(da, 5);
    await stop();
  };

  const run = async (...args: string[]): Promise<{ code: number; out: string; err: string }> => {
    let [out, err] = ['', ''];
    const code = await runOperator([...args, '--data', folder], {
      stdout: { write: (text) => (out += text) },
      stderr: { write: (text) => (err += text) },
      environment: {},
    });
    return { code, out, err };
  };
  const json = async (...args: string[]): Promise<unknown> => JSON.parse((await run(...args, '--json')).out);
  const kinds = async (): Promise<string[]> => {
    const { differences } = (await json('reconcile')) as { differences: { kind: string }[] };
    return [...new Set(differences.map(({ kind }) => kind))].sort();
  };

  it('are red until each is replayed or dropped, and then the books agree', async () => {
    await anEvening();
    expect(await kinds()).toEqual(['dead_letter', 'missing_seq']);
    expect(await json('dlq', 'list')).toMatchObject({
      deadLetters: [
        {
          id: 1,
          partition: PARTITION,
          offset: 1,
          reason: 'no such event type',
          eventId: sampleId(3),
          opUserId: '1001',
        },
        { id: 2, offset: 2, eventId: sampleId(4), retry: { kind: 'retrying', triesMax: 7 } },
        { id: 3, offset: 3, eventId: sampleId(1) },
      ],
    });

    expect(await run('dlq', 'replay', '1')).toMatchObject({
      code: 0,
      out: expect.stringContaining('applied: it is on record now'),
    });
    expect(await json('dlq', 'replay', '--all')).toMatchObject({
      replays: [
        { id: 2, eventId: sampleId(4), result: 'applied', debts: [] },
        { id: 3, eventId: sampleId(1), result: 'rejected', text: expect.stringContaining('the letter stays') },
      ],
    });
    expect((await run('dlq', 'replay', '--all')).code).toBe(1);
    expect(await kinds()).toEqual(['dead_letter', 'missing_seq']);

    const dropped = await run('dlq', 'drop', '3', '--reason', 'her own recharge’s id', '--by', 'eve');
    expect(dropped.code).toBe(0);
    expect(dropped.out).toContain('User 1001 paid 7 coin that nobody gets now');
    expect(await run('dlq', 'list')).toMatchObject({ code: 0, out: expect.stringContaining('No dead letters') });
    expect(await json('dlq', 'list', '--dropped')).toMatchObject({
      dropped: [{ id: 3, by: 'eve', why: 'her own recharge’s id', eventId: sampleId(1) }],
    });
    expect((await run('dlq', 'list', '--dropped')).out).toContain('eve');
    expect(await run('reconcile')).toMatchObject({ code: 0, out: expect.stringContaining('no difference') });
    expect(await json('account', 'show', '1001')).toMatchObject({
      ledger: [{ balance: '72', debited: '28' }],
      pending: [],
    });
    expect(await json('dlq', 'replay', '--all')).toEqual({ replays: [] });
    expect((await run('dlq', 'replay', '--all')).out).toContain('No dead letters');
  });

  it('can be looked at, whole', async () => {
    await anEvening();
    const { code, out } = await run('dlq', 'show', '1');
    expect(code).toBe(0);
    expect(out).toMatch(/reason +│ no such event type/);
    expect(out).toMatch(/payer +│ 1001: -7 coin/);
    expect(out).toMatch(/payee +│ 9000001: 7 coin/);
    expect(out).toMatch(/next try +│ 1 of 7, at 20/);
    expect(await json('dlq', 'show', '1')).toMatchObject({
      id: 1,
      payload: Buffer.from(moneyLogCodec.encode(gift(2))).toString('base64'),
      decided: { seq: 2, event: { opUserId: '1001' } },
    });
    expect(await json('account', 'show', String(STAR))).toMatchObject({
      ledger: [{ balance: '14' }],
      pending: [{ where: 'dead letters', role: 'payee', incr: '7' }, { where: 'dead letters' }],
    });
    expect((await run('outbox')).out).toContain('3 events that count are parked');
  });

  it.each([[['show']], [['replay']], [['drop', '--reason', 'x']]])(
    'that are not there: %j',
    async ([verb = '', ...more]) => {
      await anEvening();
      expect(await run('dlq', verb, '9', ...more)).toMatchObject({
        code: 66,
        out: '',
        err: expect.stringContaining('there is no dead letter 9'),
      });
    },
  );

  it('that nobody can read stay when they are replayed, and can be dropped', async () => {
    const ledger = new SqliteLedger({ path: ledgerPath, clock: systemClock, shards: SHARDS });
    const parked = [{ offset: 0, reason: 'cut off', payload: Uint8Array.of(1, 2, 3) }];
    await ledger.apply([{ partition: PARTITION, fromOffset: 0, toOffset: 1, entries: [], parked }]);
    await ledger.close();
    expect(await run('dlq', 'replay', '1')).toMatchObject({
      code: 1,
      out: expect.stringContaining("still can't be read"),
    });
    expect((await run('dlq', 'show', '1')).out).toContain('Holds: unreadable.');
    expect(await run('dlq', 'drop', '1', '--reason', 'two\nlines')).toMatchObject({ code: 64, out: '' });
    expect(await run('dlq', 'drop', '1', '--reason', 'garbage')).toMatchObject({
      code: 0,
      out: expect.stringContaining('Nobody could read it'),
    });
  });

  it('that stood behind a fence are not applied, and that is said; those in front of it are', async () => {
    const { da, append } = startDa(olderCodec(1, 2));
    const fence = fenceEntry(SHARDS.allShards(), 5);
    await append(gift(1, { generation: 4 }), fence, gift(2, { generation: 4 }), gift(3, { generation: 5 }));
    await settledAll(da, 3);
    await stop();
    expect((await run('dlq', 'drop', '9', '--reason', 'x')).code).toBe(66);
    const { code, out } = await run('dlq', 'replay', '--all');
    expect(code).toBe(0);
    expect(out).toContain('applied: it is on record now');
    expect(out).toContain('ignored: it stood behind the fence of generation 5');
    expect(await json('account', 'show', '1001')).toMatchObject({ ledger: [{ debited: '14' }] });
    expect(await run('dlq', 'list')).toMatchObject({ code: 0 });
  });

  it('that take a balance below zero are applied, and that is said', async () => {
    const { da, append } = startDa(olderCodec(1));
    await append(eventEntry(sampleDecided({ id: 2, from: ALICE, to: STAR, amount: 101n, seq: 1 })));
    await settledAll(da, 1);
    await stop();
    expect((await run('dlq', 'replay', '1')).out).toContain('the balance of user 1001 is below zero');
    expect(await kinds()).toEqual(['anomaly']);
  });

  it('are replayed beside a mesh that goes on, once', async () => {
    const { da, ledger, append } = startDa(olderCodec(2, 3));
    await append(gift(1), gift(2), gift(3));
    await settledAll(da, 3);
    const more = (async () => {
      for (let seq = 4; seq <= 60; seq += 1) {
        await append(gift(seq, { to: STAR }));
        await sleep(systemClock, 1);
      }
    })();
    const replays = await Promise.all([
      run('dlq', 'replay', '1'),
      run('dlq', 'replay', '1'),
      run('dlq', 'replay', '--all'),
    ]);
    expect(replays.every(({ code }) => code === 0 || code === 66)).toBe(true);
    await more;
    await settledAll(da, 60);
    expect(await ledger.deadLetters(9)).toEqual([]);
    expect(await ledger.counters([STAR])).toMatchObject([{ credited: 60n * 7n }]);
    expect(da.settler.stats).toMatchObject({ applied: 58, parked: 2, duplicates: 0 });
    await stop();
    expect(await kinds()).toEqual(['anomaly']);
  });

  it('are tried by the next version at its start', async () => {
    await anEvening();
    const { da } = startDa(moneyLogCodec);
    await until(() => da.deadLetters.stats.tries === 3);
    expect(da.deadLetters.stats).toMatchObject({ applied: 2 });
    expect(await json('dlq', 'list')).toMatchObject({ deadLetters: [{ id: 3 }] });
  });

  it('of books of an older version are left to the mesh that will bring them up to date', async () => {
    await anEvening();
    const db = openDatabase(ledgerPath, {
      applicationId: 0x676d4c47,
      schemaVersion: 2,
      migrate: () => undefined,
      durability: 'none',
    });
    db.exec('PRAGMA user_version = 1');
    db.close();
    for (const args of [['list'], ['replay', '1'], ['drop', '1', '--reason', 'x']])
      expect(await run('dlq', ...args)).toMatchObject({
        code: 73,
        err: expect.stringContaining('has schema version 1'),
      });
  });
});
