import { seededRandom } from '@giftmesh/kernel-random';
import { SimulatedClock } from '@giftmesh/kernel-time';
import { eventEntry, sampleDecided } from '@giftmesh/domain-money/testing';
import { moneyLogCodec } from '@giftmesh/wire-money';
import { ConsumerGroup } from './consumer-group';
import { Faults } from './faults';
import { Link, Network } from './network';
import { Machine, Scheduler, SimulatedProcess } from './scheduler';
import { SimulatedLog } from './simulated-log';

const PARTITIONS = 4;

function setUp() {
  const clock = new SimulatedClock();
  const scheduler = new Scheduler(clock, seededRandom(1));
  const faults = new Faults(seededRandom(2), new Map());
  const network = new Network(scheduler, faults, seededRandom(3));
  const log = new SimulatedLog(PARTITIONS, moneyLogCodec);
  const server = new Machine('log');
  const group = new ConsumerGroup(log, server);
  const join = (name: string) => {
    const process = new SimulatedProcess(new Machine(name));
    const got = new Set<number>();
    const link = new Link(network, process);
    const subscription = group.subscribe(link, {
      startAt: async () => log.endPositions(),
      onRecords: async (records) => {
        await link.step();
        for (const { partition } of records) got.add(partition);
      },
      onHalt: () => undefined,
      recordsMax: 10,
      retryDelayMs: 10,
    });
    return { process, got, subscription };
  };
  const runFor = async (ms: number): Promise<void> => {
    const untilMs = clock.monotonicMs() + ms;
    await scheduler.runUntil(() => clock.monotonicMs() >= untilMs, 100_000);
  };
  const writeAll = async (): Promise<void> => {
    const value = eventEntry(sampleDecided({ id: 1, from: 1n, to: 2n }));
    log.append(Array.from({ length: PARTITIONS }, (_, partition) => ({ partition, value })));
    await runFor(100);
  };
  return { log, group, faults, join, runFor, writeAll };
}

describe('ConsumerGroup', () => {
  it('shares all partitions out, and again when one leaves', async () => {
    const { join, runFor, writeAll } = setUp();
    const [one, other] = [join('da-1'), join('da-2')];
    await runFor(1_000);
    await writeAll();
    expect([one.got.size, other.got.size]).toEqual([2, 2]);
    expect(new Set([...one.got, ...other.got]).size).toBe(PARTITIONS);
    void other.subscription.close();
    await runFor(1_000);
    await writeAll();
    expect(one.got.size).toBe(PARTITIONS);
  });

  it('gives the partitions of one who stands still to the other, and has both when it comes back', async () => {
    const { join, runFor, writeAll, faults } = setUp();
    const [one, other] = [join('da-1'), join('da-2')];
    await runFor(1_000);
    other.process.stop();
    await runFor(3_000);
    await writeAll();
    expect([one.got.size, other.got.size]).toEqual([PARTITIONS, 0]);
    // It has not heard that it is not the owner any more.
    other.process.continue();
    await runFor(5);
    expect(other.got.size).toBe(2);
    await runFor(1_000);
    expect(faults.counts.get('da came back late')).toBe(1);
  });

  it('lets a reader halt that is told a position which its server does not have', async () => {
    const { log, join, runFor, writeAll, faults } = setUp();
    const one = join('da-1');
    await runFor(1_000);
    await writeAll();
    log.hideTail(0, 1);
    await writeAll();
    expect(faults.counts.get('log position out of range')).toBe(1);
    one.got.clear();
    await writeAll();
    expect(one.got.size).toBe(0);
  });
});
