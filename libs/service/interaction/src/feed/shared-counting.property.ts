import fc from 'fast-check';
import { createInteractionService } from '../interaction-service';
import { CHEAP_GIFT, newKit, ROOM } from '../test-kit/kit';
import { SharedLog } from '../test-kit/shared-log';

const VIEWERS = [501n, 502n, 503n];
const PARTITIONS = [0, 1, 2, 3];
/** Long enough for retries, restarts and writes to come to an end. */
const SETTLE_MS = 5_000;

const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('gift' as const), viewer: fc.nat(VIEWERS.length - 1) }) },
  // The log has an event again, anywhere later.
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('repeat' as const), event: fc.nat() }) },
  // Of each partition: the first instance, the second, for a while both, or nobody.
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('assign' as const),
      owners: fc.array(fc.constantFrom('first', 'second', 'both', 'nobody'), { minLength: 4, maxLength: 4 }),
    }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('pass' as const), ms: fc.integer({ min: 0, max: 1_500 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('fail' as const), writes: fc.integer({ min: 1, max: 3 }) }) },
);

describe('instances that share an activity store', () => {
  it('count each gift once, however partitions go from one to the other, and whatever the log repeats', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const kit = newKit();
        const logs = [new SharedLog(kit.log), new SharedLog(kit.log)] as const;
        const services = logs.map((countedLog) => createInteractionService({ ...kit.ports, countedLog }));
        const [first, second] = logs;
        for (const service of services) await service.start();
        let failing = 0;
        const record = kit.activity.record.bind(kit.activity);
        kit.activity.record = (batch) =>
          failing > 0 ? ((failing -= 1), Promise.reject(new Error('away'))) : record(batch);
        const given = new Map<bigint, bigint>();
        for (const one of steps) {
          if (one.kind === 'gift') {
            const viewerId = VIEWERS[one.viewer] as bigint;
            kit.station.balances.set(viewerId, 1_000n);
            const sent = services[0]?.handlers.sendGift(kit.gift({ viewerId, giftId: CHEAP_GIFT }));
            await kit.pass();
            await sent;
            given.set(viewerId, (given.get(viewerId) ?? 0n) + 1n);
          } else if (one.kind === 'repeat') {
            const decided = [...kit.station.decided.values()];
            const again = decided[one.event % Math.max(1, decided.length)];
            if (again !== undefined) {
              const partition = kit.ports.shards.partitionOf(again.event.opUserId);
              await kit.log.append([{ partition, value: { kind: 'event', decided: again } }]);
            }
          } else if (one.kind === 'assign') {
            const of = (name: string): number[] =>
              PARTITIONS.filter((partition) => [name, 'both'].includes(one.owners[partition] as string));
            first.assign(of('first'));
            second.assign(of('second'));
          } else if (one.kind === 'fail') failing = one.writes;
          else await kit.pass(one.ms);
        }
        first.assign([]);
        second.assign(PARTITIONS);
        for (let turn = 0; turn < 10; turn += 1) await kit.pass(SETTLE_MS / 10);
        const places = await kit.activity.leaderboard({ roomId: ROOM, kind: 'viewers', day: undefined, limit: 100 });
        expect(new Map(places.map(({ userId, score }) => [userId, score]))).toEqual(given);
        for (const service of services) await service.close();
      }),
      { numRuns: 120 },
    );
  });
});
