import fc from 'fast-check';
import { assign } from './group-membership';

describe('the assignment of a group', () => {
  it('gives each partition to one member, as evenly as can be, whatever the order of the members', () => {
    const members = fc.uniqueArray(fc.string({ minLength: 1 }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(members, fc.integer({ min: 1, max: 300 }), (names, partitionCount) => {
        const dealt = assign(names, partitionCount);
        expect([...dealt.keys()].sort()).toEqual([...names].sort());
        const all = [...dealt.values()].flat().sort((a, b) => a - b);
        expect(all).toEqual(Array.from({ length: partitionCount }, (_, partition) => partition));
        const counts = [...dealt.values()].map(({ length }) => length);
        expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
        expect(assign([...names].reverse(), partitionCount)).toEqual(dealt);
      }),
    );
  });
});
