import fc from 'fast-check';
import { ID_MAX } from '@giftmesh/kernel-ids';
import { readResumeToken, resumeTokenOf } from './resume-token';

describe('resume tokens', () => {
  it('name the place they were made for', () => {
    fc.assert(
      fc.property(
        fc.stringMatching(/^[0-9a-z]{1,32}$/),
        fc.bigInt({ min: 1n, max: ID_MAX }),
        fc.nat({ max: Number.MAX_SAFE_INTEGER }),
        (instanceId, roomId, sequence) => {
          const place = { instanceId, roomId, sequence };
          expect(readResumeToken(resumeTokenOf(place))).toEqual(place);
        },
      ),
    );
  });

  it('are nothing else', () => {
    for (const text of ['r1', 'r2.a.1.1', 'r1.a.0.1', 'r1.a.1.-1', 'r1.a.1.01', 'r1.a.1.1 ', 'R1.a.1.1', 'r1..1.1'])
      expect(readResumeToken(text)).toBeUndefined();
    expect(readResumeToken('r1.a.9223372036854775808.1')).toBeUndefined();
    expect(readResumeToken('r1.a.1.9999999999999999')).toBeUndefined();
    fc.assert(fc.property(fc.string(), (text) => readResumeToken(text) === undefined));
  });
});
