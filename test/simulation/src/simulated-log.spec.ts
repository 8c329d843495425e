import { LogPositionError, type LogAppend, type LogEntry } from '@giftmesh/domain-money';
import { eventEntry, fenceEntry, sampleDecided } from '@giftmesh/domain-money/testing';
import { moneyLogCodec } from '@giftmesh/wire-money';
import { SimulatedLog } from './simulated-log';

const event = (id: number): LogAppend<LogEntry> => ({
  partition: 0,
  value: eventEntry(sampleDecided({ id, from: 1n, to: 2n })),
});
const fence: LogAppend<LogEntry> = { partition: 0, value: fenceEntry([0], 2) };

function logWith(...entries: readonly LogAppend<LogEntry>[]): SimulatedLog {
  const log = new SimulatedLog(2, moneyLogCodec);
  log.append(entries);
  return log;
}

describe('SimulatedLog', () => {
  it('loses its tail, gives the offsets to others, and knows what is not back yet', () => {
    const log = logWith(event(1), event(2), event(3));
    expect(log.loseTail(0, 2)).toBe(2);
    expect([log.endPositions()[0]?.offset, log.lacksEvents]).toEqual([1, true]);
    log.append([event(3), event(2)]);
    expect(log.lacksEvents).toBe(false);
    expect(log.read({ partition: 0, offset: 1 }, 1)[0]?.content).toEqual({ ok: true, value: event(3).value });
  });

  it('loses nothing that a reader has got, and no fence', () => {
    const log = logWith(event(1), event(2), fence, event(3));
    expect(log.loseTail(0, 10)).toBe(1);
    log.append([event(4), event(5)]);
    log.read({ partition: 0, offset: 0 }, 4);
    expect(log.loseTail(0, 10)).toBe(1);
    expect(log.endPositions()[0]?.offset).toBe(4);
  });

  it('refuses positions that a server which stayed behind does not have', () => {
    const log = logWith(event(1), event(2));
    log.hideTail(0, 1);
    expect(() => log.read({ partition: 0, offset: 2 }, 1)).toThrow(LogPositionError);
    expect(log.read({ partition: 0, offset: 0 }, 9)).toHaveLength(1);
    log.showAll();
    expect(log.read({ partition: 0, offset: 2 }, 1)).toEqual([]);
  });

  it('keeps bytes that are no entry as such', () => {
    const log = logWith();
    const bytes = Uint8Array.of(0x0f, 1, 2);
    log.appendBytes(1, bytes);
    expect(log.read({ partition: 1, offset: 0 }, 1)).toMatchObject([{ content: { ok: false, bytes } }]);
    expect(log.foreign).toEqual([bytes]);
  });
});
