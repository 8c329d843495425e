import fc from 'fast-check';
import {
  formatTraceState,
  parseTraceState,
  passTraceState,
  TRACESTATE_INPUT_MAX,
  TRACESTATE_LENGTH_MAX,
  TRACESTATE_MEMBERS_MAX,
} from './trace-state';

const key = fc.stringMatching(/^[a-z0-9][a-z0-9_\-*/@]{0,15}$/);
const value = fc.stringMatching(/^[ -+\--<>-~]{0,15}[!-+\--<>-~]$/);
const members = (maxLength: number) =>
  fc.uniqueArray(fc.record({ key, value }), { maxLength, selector: (member) => member.key });

describe('tracestate', () => {
  it('comes back as it was written', () => {
    fc.assert(
      fc.property(members(10), (list) => {
        expect(parseTraceState(formatTraceState(list))).toEqual(list);
      }),
    );
  });

  it('never throws, and passes on only what is well-formed and short', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc
        .array(
          fc.oneof(
            fc.string(),
            key.map((word) => `${word}=v`),
          ),
          { maxLength: 50 },
        )
        .map((parts) => parts.join(',')),
    );
    fc.assert(
      fc.property(text, (header) => {
        const passed = passTraceState(header);
        if (passed === undefined) return;
        expect(passed.length).toBeLessThanOrEqual(TRACESTATE_LENGTH_MAX);
        expect(parseTraceState(passed)?.length).toBeLessThanOrEqual(TRACESTATE_MEMBERS_MAX);
      }),
      { numRuns: 1_000 },
    );
  });

  it('cuts long members first, then the oldest', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 }), (longAt) => {
        const list = Array.from({ length: 3 }, (_, index) => ({
          key: `k${index}`,
          value: 'v'.repeat(index === longAt ? 250 : 120),
        }));
        const more = { key: 'k3', value: 'v'.repeat(120) };
        const kept = parseTraceState(formatTraceState([...list, more]))?.map((member) => member.key);
        expect(kept).toEqual([...list, more].map((member) => member.key).filter((name) => name !== `k${longAt}`));
      }),
    );
    const short = Array.from({ length: 10 }, (_, index) => ({ key: `k${index}`, value: 'v'.repeat(100) }));
    expect(parseTraceState(formatTraceState(short))?.map((member) => member.key)).toEqual(['k0', 'k1', 'k2', 'k3']);
  });

  it.each([
    [
      'more members than there may be',
      Array.from({ length: TRACESTATE_MEMBERS_MAX + 1 }, (_, index) => `k${index}=v`).join(),
    ],
    ['a key twice', 'a=1,a=2'],
    ['no value', 'a'],
    ['an empty value', 'a='],
    ['a capital key', 'A=1'],
    ['an equals sign in a value', 'a=b=c'],
    ['too long to look at', ','.repeat(TRACESTATE_INPUT_MAX + 1)],
  ])('refuses %s', (_name, header) => {
    expect(parseTraceState(header)).toBeUndefined();
    expect(passTraceState(header)).toBeUndefined();
  });

  it('takes as many members as there may be, and empty ones besides', () => {
    const most = Array.from({ length: TRACESTATE_MEMBERS_MAX }, (_, index) => `k${index}=v`).join(' , ,\t');
    expect(parseTraceState(most)).toHaveLength(TRACESTATE_MEMBERS_MAX);
    expect(parseTraceState(' , ')).toEqual([]);
    expect(passTraceState('')).toBeUndefined();
  });
});
