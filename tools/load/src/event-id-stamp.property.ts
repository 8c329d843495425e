import fc from 'fast-check';
import { isUuidV7, uuidV7TimeMs } from '@giftmesh/kernel-ids';
import { EventIdStamp, runningNumberAt } from './event-id-stamp';

describe('EventIdStamp', () => {
  it('writes UUIDv7 texts that carry the time and a running number, each once', () => {
    const ownNumbers = fc.integer({ min: 0, max: 2 ** 42 - 1 });
    const timesMs = fc.array(fc.integer({ min: 0, max: 2 ** 47 }), { minLength: 1, maxLength: 50 });
    fc.assert(
      fc.property(ownNumbers, timesMs, (ownNumber, times) => {
        const stamp = new EventIdStamp(ownNumber);
        const ids = times.map((timeMs, index) => {
          const buffer = Buffer.alloc(40);
          expect(stamp.write(buffer, 3, timeMs)).toBe(index);
          expect(runningNumberAt(buffer, 3)).toBe(index);
          const id = buffer.toString('latin1', 3, 39);
          expect(isUuidV7(id)).toBe(true);
          expect(uuidV7TimeMs(id)).toBe(timeMs);
          return id;
        });
        expect(new Set(ids).size).toBe(ids.length);
      }),
    );
  });

  it('gives different clients different ids', () => {
    const id = (ownNumber: number): string => {
      const buffer = Buffer.alloc(36);
      new EventIdStamp(ownNumber).write(buffer, 0, 1);
      return buffer.toString('latin1');
    };
    fc.assert(
      fc.property(fc.nat(2 ** 31 - 1), fc.nat(2 ** 31 - 1), (a, b) => {
        expect(id(a) === id(b)).toBe(a === b);
      }),
    );
  });

  it('refuses a number that does not fit', () => {
    expect(() => new EventIdStamp(2 ** 42)).toThrow('4398046511104');
  });
});
