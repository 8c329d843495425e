import fc from 'fast-check';
import { ASSET_TYPES } from '@giftmesh/domain-money';
import { startRedis, type RedisServer } from '@giftmesh/tool-infra';
import type { Redis } from 'ioredis';
import { connected } from './redis-test-kit';
import { SCRIPT_PARTS } from './balance-script-parts';
import { countersOf, userRecord, userRecordBytes, type UserRecord } from './user-record';

const number = fc.nat({ max: Number.MAX_SAFE_INTEGER });
const account = fc.record({
  credited: number,
  reversed: number,
  debited: number,
  seq: fc.integer({ min: -1, max: Number.MAX_SAFE_INTEGER }),
});
const id = fc.uuid({ version: 7 });
const record: fc.Arbitrary<UserRecord> = fc.record({
  generation: number,
  asOf: number,
  order: number,
  used: fc.integer({ min: -1, max: Number.MAX_SAFE_INTEGER }),
  accounts: fc.array(account, { minLength: ASSET_TYPES.length, maxLength: ASSET_TYPES.length }),
  askThroughId: id,
  newest: fc.oneof(
    id.map((each) => `${each}/501`),
    id.map((each) => `${each}/z`),
  ),
});

describe("a user's record", () => {
  let server: RedisServer;
  let redis: Redis;
  beforeAll(async () => {
    server = await startRedis();
    redis = await connected(server.port);
  });
  afterAll(async () => {
    redis.disconnect();
    await server.kill();
  });

  it('is read as it was written', () => {
    fc.assert(fc.property(record, (one) => expect(userRecord(userRecordBytes(one))).toEqual(one)));
  });

  it('is the same to the scripts', async () => {
    const script = `${SCRIPT_PARTS}
      local record = record_of(ARGV[1])
      local numbers = {}
      for at = GENERATION, ASK_THROUGH - 1 do numbers[at] = whole(record[at]) end
      return { bytes_of(record) == ARGV[1] and 1 or 0, table.concat(numbers, ' '), record[ASK_THROUGH], record[NEWEST] }`;
    const sha = String(await redis.script('LOAD', script));
    await fc.assert(
      fc.asyncProperty(record, async (one) => {
        const bytes = userRecordBytes(one);
        const answer = (await redis.evalsha(sha, 0, bytes)) as (string | number)[];
        const accounts = one.accounts.flatMap(({ credited, reversed, debited, seq }) => [
          credited,
          reversed,
          debited,
          seq,
        ]);
        const numbers = [one.generation, one.asOf, one.order, one.used, ...accounts];
        expect(answer).toEqual([1, numbers.join(' '), one.askThroughId, one.newest]);
      }),
      { numRuns: 50 },
    );
  });

  it('has no counters of an account that the user does not have', () => {
    fc.assert(
      fc.property(record, ({ accounts }) => {
        const counters = countersOf(7n, accounts);
        expect(counters).toHaveLength(accounts.filter(({ seq }) => seq >= 0).length);
        for (const { assetType, seq } of counters) expect(accounts[ASSET_TYPES.indexOf(assetType)]?.seq).toBe(seq);
      }),
    );
  });

  it.each([0, 4, 96, 200])('is refused when it is none: %d bytes', (length) => {
    expect(() => userRecord(Buffer.alloc(length, 'x'))).toThrow(`${length} bytes are no user's record`);
  });
});
