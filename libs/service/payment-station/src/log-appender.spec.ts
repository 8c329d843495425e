import { AsyncLocalStorage } from 'node:async_hooks';
import { deferred, type Deferred } from '@giftmesh/kernel-async';
import { SimulatedClock } from '@giftmesh/kernel-time';
import {
  ShardMap,
  type Carrier,
  type DecidedEvent,
  type EventLog,
  type LogAppend,
  type LogEntry,
} from '@giftmesh/domain-money';
import { LogAppender } from './log-appender';

const options = { batchMax: 3, appendNowAt: 2, retryDelayMinMs: 10, retryDelayMaxMs: 40 };

/** A log whose appends end when the test says so. */
function controlledLog() {
  const appends: { entries: readonly LogAppend<LogEntry>[]; end: Deferred<void> }[] = [];
  const append = (entries: readonly LogAppend<LogEntry>[]): Promise<void> => {
    const end = deferred<void>();
    appends.push({ entries, end });
    return end.promise;
  };
  return { appends, log: { append } as unknown as EventLog<LogEntry> };
}

const decided = (eventId: string, opUserId = 1n): DecidedEvent =>
  ({ event: { eventId, opUserId } }) as unknown as DecidedEvent;
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function setUp() {
  const { appends, log } = controlledLog();
  const clock = new SimulatedClock();
  const appender = new LogAppender(clock, log, new ShardMap(8, 2), options);
  const idsOf = (index: number) =>
    appends[index]?.entries.map(({ value }) => (value.kind === 'event' ? value.decided.event.eventId : value.kind));
  return { appends, clock, appender, idsOf };
}

describe('LogAppender', () => {
  it('has one append under way, and takes what queued meanwhile with the next, within its limit', async () => {
    const { appends, appender, idsOf } = setUp();
    const all = [appender.append([decided('a')])];
    await turn();
    for (const id of ['b', 'c', 'd', 'e']) all.push(appender.append([decided(id)]));
    await turn();
    expect([appends.length, appender.pending]).toEqual([1, 5]);
    for (let index = 0; index < 3; index += 1) {
      appends[index]?.end.resolve();
      await turn();
    }
    await Promise.all(all);
    expect([idsOf(0), idsOf(1), idsOf(2)]).toEqual([['a'], ['b', 'c', 'd'], ['e']]);
    expect(appender.pending).toBe(0);
  });

  it('writes what travels with the events of a call beside them', async () => {
    const { appends, log } = controlledLog();
    const calls = new AsyncLocalStorage<Carrier>();
    const shards = new ShardMap(8, 2);
    const appender = new LogAppender(new SimulatedClock(), log, shards, options, () => calls.getStore());
    const carrier = { traceparent: '00-…' };
    calls.run(carrier, () => void appender.append([decided('a')]));
    void appender.append([decided('b'), decided('a')]);
    void appender.appendFence({ shards: [0], generation: 1 });
    await turn();
    appends[0]?.end.resolve();
    await turn();
    expect(appends.flatMap(({ entries }) => entries.map(({ value }) => value))).toEqual([
      { kind: 'event', decided: decided('a'), carrier },
      { kind: 'event', decided: decided('b') },
      { kind: 'fence', fence: { shards: [0], generation: 1 } },
    ]);
    expect(appends[0]?.entries[1]?.value).not.toHaveProperty('carrier');
  });

  it('appends a batch at once, and waits for the turn with less', async () => {
    const { appends, appender, idsOf } = setUp();
    void appender.append([decided('a')]);
    expect(appends).toHaveLength(0);
    await turn();
    appends[0]?.end.resolve();
    await turn();
    void appender.append([decided('b'), decided('c')]);
    expect(idsOf(1)).toEqual(['b', 'c']);
  });

  it('waits for an event that is on its way instead of writing it again', async () => {
    const { appends, appender } = setUp();
    const both = [appender.append([decided('a')]), appender.append([decided('a')])];
    await turn();
    expect(appender.isPending(decided('a'))).toBe(true);
    expect(appender.isPending(decided('a', 2n))).toBe(false);
    appends[0]?.end.resolve();
    await Promise.all(both);
    expect(appends).toHaveLength(1);
  });

  it('knows two users with the same id apart, whoever of them is first', async () => {
    const { appends, appender } = setUp();
    const first = appender.append([decided('a', 1n)]);
    await turn();
    const second = appender.append([decided('a', 2n)]);
    await turn();
    const pending = (): boolean[] => [1n, 2n, 3n].map((userId) => appender.isPending(decided('a', userId)));
    expect(pending()).toEqual([true, true, false]);
    appends[0]?.end.resolve();
    await first;
    await turn();
    expect(pending()).toEqual([false, true, false]);
    const again = [appender.append([decided('a', 2n)]), appender.append([decided('a', 1n)])];
    await turn();
    expect(pending()).toEqual([true, true, false]);
    appends[1]?.end.resolve();
    await Promise.all([second, again[0]]);
    await turn();
    expect(appends.map(({ entries }) => entries.length)).toEqual([1, 1, 1]);
    appends[2]?.end.resolve();
    await again[1];
    expect([pending(), appender.pending]).toEqual([[false, false, false], 0]);
  });

  it('tries a failed append again, with growing waits, before anything newer', async () => {
    const { appends, appender, clock, idsOf } = setUp();
    const first = appender.append([decided('a')]);
    await turn();
    const second = appender.append([decided('b')]);
    for (const [index, delayMs] of [10, 20, 40, 40].entries()) {
      appends[index]?.end.reject(new Error('away'));
      await turn();
      expect([appender.failures, appender.problem]).toEqual([index + 1, 'away']);
      clock.advance(delayMs - 1);
      await turn();
      expect(appends).toHaveLength(index + 1);
      clock.advance(1);
      await turn();
      expect(idsOf(index + 1)).toEqual(['a']);
    }
    appends[4]?.end.resolve();
    await first;
    await turn();
    expect([idsOf(5), appender.failures, appender.problem]).toEqual([['b'], 0, undefined]);
    appends[5]?.end.resolve();
    await second;
  });

  it('writes a fence to every partition that has shards of it', async () => {
    const { appends, appender } = setUp();
    const fence = appender.appendFence({ shards: [0, 1, 2, 4], generation: 7 });
    await turn();
    expect(appends[0]?.entries).toEqual([
      { partition: 0, value: { kind: 'fence', fence: { shards: [0, 2, 4], generation: 7 } } },
      { partition: 1, value: { kind: 'fence', fence: { shards: [1], generation: 7 } } },
    ]);
    appends[0]?.end.resolve();
    await fence;
  });

  it('writes nothing once it is closed', async () => {
    const { appends, appender, clock } = setUp();
    void appender.append([decided('a')]);
    await turn();
    appender.close();
    appends[0]?.end.reject(new Error('away'));
    await turn();
    clock.advance(1_000);
    await turn();
    expect(appends).toHaveLength(1);
  });
});
