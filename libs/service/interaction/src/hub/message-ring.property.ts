import fc from 'fast-check';
import { MessageRing, type RoomMessage } from './message-ring';

const message = (sequence: number): RoomMessage => ({
  sequence,
  response: { resumeToken: '', at: undefined, event: undefined },
  eventsShown: sequence,
  coinsShown: 0n,
});

describe('MessageRing', () => {
  it('keeps the last messages and finds every place, as a plain list does', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 9 }),
        fc.nat({ max: 50 }),
        fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 60 }),
        (max, start, steps) => {
          const ring = new MessageRing(max, start);
          const all: number[] = [];
          let sequence = start;
          for (const step of steps) {
            sequence += step;
            all.push(sequence);
            ring.append(message(sequence));
            const first = Math.max(0, all.length - max);
            expect([ring.first, ring.end]).toEqual([first, all.length]);
            all.forEach((one, index) => expect(ring.at(index)?.sequence).toBe(index < first ? undefined : one));
            expect(ring.at(ring.end)).toBeUndefined();
            expect(ring.lastDropped?.sequence).toBe(all[first - 1]);
            expect(ring.last?.sequence).toBe(sequence);
          }
          for (let place = start - 1; place <= sequence + 1; place += 1) {
            const next = all.findIndex((one) => one > place);
            const expected = next < 0 ? all.length : next;
            const isGone = place < start || all.slice(0, ring.first).some((one) => one > place);
            expect(ring.behind(place)).toBe(isGone ? undefined : expected);
          }
        },
      ),
    );
  });
});
