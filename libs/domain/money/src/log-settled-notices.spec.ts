import { SimulatedClock } from '@giftmesh/kernel-time';
import { LogSettledNotices } from './log-settled-notices';
import { LogPositionError } from './ports/event-log';
import type { SettledNotice } from './ports/settled-notices';
import { MemoryEventLog } from './testing';

const notice = (eventId: string): SettledNotice => ({ counters: [], events: [{ opUserId: 1n, eventId }] });
const idOf = ({ events }: SettledNotice): string | undefined => events[0]?.eventId;

/** Notices as the text of their id; 'unreadable' can't be read back. */
const codec = {
  encode: (value: SettledNotice) => new TextEncoder().encode(idOf(value)),
  decode: (bytes: Uint8Array) => {
    const eventId = new TextDecoder().decode(bytes);
    if (eventId === 'unreadable') throw new Error('no notice');
    return notice(eventId);
  },
};

function setUp(partitionCount = 3, dropsAtOnce = false) {
  const clock = new SimulatedClock();
  const log = new MemoryEventLog<SettledNotice>({ clock, partitionCount, codec, dropReleased: dropsAtOnce });
  return { clock, log, notices: new LogSettledNotices(log, clock) };
}

describe('LogSettledNotices', () => {
  it('spreads notices over the partitions of the log', async () => {
    const { log, notices } = setUp();
    for (const id of ['a', 'b', 'c', 'd']) await notices.publish(notice(id));
    expect((await log.endPositions()).map(({ offset }) => offset)).toEqual([2, 1, 1]);
  });

  it('rejects what the log does not take', async () => {
    const { log, notices } = setUp();
    await log.close();
    await expect(notices.publish(notice('a'))).rejects.toThrow('closed');
  });

  it('begins at the end of the log and gives each subscriber every notice from then on', async () => {
    const { clock, notices } = setUp();
    await notices.publish(notice('before'));
    const [one, two]: string[][] = [[], []];
    for (const heard of [one, two]) notices.subscribe((each) => heard?.push(idOf(each) ?? ''));
    await clock.advanceAsync(0);
    for (const id of ['a', 'b', 'c']) {
      await notices.publish(notice(id));
      await clock.advanceAsync(0);
    }
    expect([one, two]).toEqual([
      ['a', 'b', 'c'],
      ['a', 'b', 'c'],
    ]);
  });

  it('passes over what nobody can read', async () => {
    const { clock, notices } = setUp(1);
    const heard: unknown[] = [];
    notices.subscribe((each) => heard.push(idOf(each)));
    await clock.advanceAsync(0);
    for (const id of ['a', 'unreadable', 'b']) await notices.publish(notice(id));
    await clock.advanceAsync(1_000);
    expect(heard).toEqual(['a', 'b']);
  });

  it('gives a notice again at which the subscriber has failed, and none before it', async () => {
    const { clock, notices } = setUp(1);
    const heard: unknown[] = [];
    let failures = 2;
    notices.subscribe((each) => {
      heard.push(idOf(each));
      if (idOf(each) === 'b' && failures > 0) {
        failures -= 1;
        throw new Error('away');
      }
    });
    await clock.advanceAsync(0);
    for (const id of ['a', 'b', 'c']) await notices.publish(notice(id));
    await clock.advanceAsync(1_000);
    expect(heard).toEqual(['a', 'b', 'b', 'b', 'c']);
  });

  it('lets the log drop what was there to read for long enough', async () => {
    const { log, notices } = setUp(1, true);
    for (let count = 0; count < 199; count += 1) await notices.publish(notice(`n${count}`));
    expect(await log.read({ partition: 0, offset: 0 }, 1)).toHaveLength(1);
    await notices.publish(notice('n199'));
    await expect(log.read({ partition: 0, offset: 0 }, 1)).rejects.toThrow(LogPositionError);
    expect(await log.read({ partition: 0, offset: 100 }, 1_000)).toHaveLength(100);
  });

  it('goes on at the end when the log has dropped what a subscriber still wanted', async () => {
    const { clock, log, notices } = setUp(1, true);
    const heard: unknown[] = [];
    let away = true;
    const stop = notices.subscribe((each) => {
      if (away) throw new Error('away');
      heard.push(idOf(each));
    });
    await clock.advanceAsync(0);
    await notices.publish(notice('a'));
    await clock.advanceAsync(0);
    for (const id of ['b', 'c']) await notices.publish(notice(id));
    await log.release({ partition: 0, offset: 2 });
    away = false;
    await clock.advanceAsync(1_000);
    expect(heard).toEqual([]);
    await notices.publish(notice('d'));
    await clock.advanceAsync(1_000);
    expect(heard).toEqual(['d']);
    await stop();
    expect(clock.pendingTimers).toBe(0);
  });

  it('says no more once it is stopped', async () => {
    const { clock, notices } = setUp();
    const heard: unknown[] = [];
    const stop = notices.subscribe((each) => heard.push(idOf(each)));
    await clock.advanceAsync(0);
    await notices.publish(notice('a'));
    await clock.advanceAsync(0);
    await stop();
    await notices.publish(notice('b'));
    await clock.advanceAsync(1_000);
    expect(heard).toEqual(['a']);
    expect(clock.pendingTimers).toBe(0);
  });
});
