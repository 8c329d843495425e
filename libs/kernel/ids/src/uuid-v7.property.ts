import fc from 'fast-check';
import { seededRandom } from '@giftmesh/kernel-random';
import { SimulatedClock } from '@giftmesh/kernel-time';
import { isUuidV7, lowestUuidV7At, uuidFromBytes, uuidToBytes, uuidV7Source, uuidV7TimeMs } from './uuid-v7';

const timeMs = fc.integer({ min: 0, max: 2 ** 48 - 1 });

describe('UUIDv7', () => {
  it('carries the time of its making, is canonical, and survives the way through bytes', () => {
    fc.assert(
      fc.property(timeMs, fc.integer(), (at, seed) => {
        const id = uuidV7Source(new SimulatedClock(at), seededRandom(seed))();
        expect(isUuidV7(id)).toBe(true);
        expect(uuidV7TimeMs(id)).toBe(at);
        expect(uuidFromBytes(uuidToBytes(id))).toBe(id);
      }),
    );
  });

  it('sorts at or after the lowest id of its millisecond, and before that of the next', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 48 - 2 }), fc.integer(), (at, seed) => {
        const id = uuidV7Source(new SimulatedClock(at), seededRandom(seed))();
        expect(lowestUuidV7At(at) <= id).toBe(true);
        expect(id < lowestUuidV7At(at + 1)).toBe(true);
      }),
    );
  });

  it('refuses every other text', () => {
    for (const text of [
      '',
      '0197f5c5-7f00-4000-8000-000000000000',
      '0197F5C5-7F00-7000-8000-000000000000',
      '{0197f5c5-7f00-7000-8000-00000000000}',
      '0197f5c57f00700080000000000000000000',
      '0197f5c5-7f00-7000-c000-000000000000',
    ])
      expect(isUuidV7(text)).toBe(false);
    fc.assert(fc.property(fc.string({ maxLength: 40 }), (text) => !isUuidV7(text)));
    fc.assert(fc.property(fc.uuid({ version: [1, 3, 4, 5, 6, 8] }), (text) => !isUuidV7(text)));
  });

  test.each([
    '',
    '01890a5d-ac96-774b-bcce',
    '01890A5D-ac96-774b-bcce-b302099a8057',
    '01890a5d-ac96-774b-bcce-b302099a805g',
    'ü'.repeat(36),
  ])('has no bytes for %j, which is no UUID in canonical text', (text) =>
    expect(() => uuidToBytes(text)).toThrow(RangeError),
  );
});
