import { eventEntry, sampleDecided, sampleId } from '@giftmesh/domain-money/testing';
import type { MysqlLedger } from './ledger';
import { KEYS_PER_QUERY } from './ledger-accounts';
import { freshDatabase, useTestServer, type TestDatabase } from './mysql-test-kit';

const ALICE = 1n;

const server = useTestServer();
let database: TestDatabase;
let ledger: MysqlLedger;
beforeEach(async () => {
  database = await freshDatabase(server.url);
  ledger = await database.open({ allowUnsafeServer: true });
});
afterEach(() => database.drop());

const give = (n: number, to: bigint): Promise<unknown> =>
  ledger.apply([
    {
      partition: 0,
      fromOffset: n - 1,
      toOffset: n,
      entries: [eventEntry(sampleDecided({ id: n, from: ALICE, to, amount: 1n, seq: n }))],
      parked: [],
    },
  ]);

describe('reads of a ledger that is being written', () => {
  test('a load shows one moment: as many decided events as the counters say', async () => {
    let given = 0;
    const giving = (async () => {
      while (given < 60) await give((given += 1), 2n);
    })();
    const seen = new Set<number>();
    while (given < 60) {
      const [alice] = await ledger.load([ALICE], 0, 1_000);
      const seq = alice?.accounts[0]?.seq ?? 0;
      expect(alice?.markers).toHaveLength(seq);
      seen.add(seq);
    }
    await giving;
    expect(seen.size).toBeGreaterThan(3);
  });

  test('more users and events than one query asks for, each in its place, unknown ones between them', async () => {
    const users = Array.from({ length: KEYS_PER_QUERY + 20 }, (_, index) => BigInt(index + 10));
    const known = users.filter((_, index) => index % 100 === 7);
    for (const [index, userId] of known.entries()) await give(index + 1, userId);
    const counters = await ledger.counters([...users].reverse());
    expect(counters.map(({ userId }) => userId)).toEqual([...known].reverse());
    const loaded = await ledger.load(users, 0, 9);
    expect(loaded.map(({ userId }) => userId)).toEqual(users);
    expect(loaded.filter(({ accounts }) => accounts.length > 0).map(({ userId }) => userId)).toEqual(known);
    const keys = users.map((_, index) => ({ opUserId: ALICE, eventId: sampleId(index + 1) }));
    const decided = await ledger.decided(keys);
    expect(decided.map((marker) => marker?.eventId)).toEqual(
      keys.map(({ eventId }, index) => (index < known.length ? eventId : undefined)),
    );
  });
});
