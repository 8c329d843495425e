import fc from 'fast-check';
import {
  BAGGAGE_BYTES_MAX,
  BAGGAGE_INPUT_MAX,
  BAGGAGE_MEMBERS_MAX,
  formatBaggage,
  parseBaggage,
  readMarks,
  STRESS_KEY,
} from './index';

const key = fc.stringMatching(/^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,10}$/);
// Any text that UTF-8 can hold.
const value = fc.string({ unit: 'grapheme', maxLength: 20 });
const property = fc.stringMatching(/^[a-z]{1,5}(=[a-z0-9]{0,5})?$/);
const member = fc
  .record({ key, value, properties: fc.array(property, { maxLength: 2 }) })
  .map(({ properties, ...rest }) => (properties.length === 0 ? rest : { ...rest, properties }));

describe('baggage', () => {
  it('comes back as it was written', () => {
    fc.assert(
      fc.property(fc.array(member, { maxLength: 10 }), (members) => {
        expect(parseBaggage(formatBaggage(members))).toEqual({ members, malformed: 0, dropped: 0 });
      }),
    );
  });

  it('never throws and stays within its limits, whatever comes', () => {
    const parts = fc.array(
      fc.oneof(
        fc.string({ unit: 'binary', maxLength: 30 }),
        member.map((each) => formatBaggage([each])),
        fc.nat(5_000).map((length) => `long=${'x'.repeat(length)}`),
      ),
      { maxLength: 100 },
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: 'binary' }),
          parts.map((texts) => texts.join(',')),
        ),
        (header) => {
          const parsed = parseBaggage(header);
          expect(parsed.members.length).toBeLessThanOrEqual(BAGGAGE_MEMBERS_MAX);
          expect(formatBaggage(parsed.members).length).toBeLessThanOrEqual(BAGGAGE_BYTES_MAX);
          const { marks } = readMarks(header);
          expect(marks.header.length).toBeLessThanOrEqual(BAGGAGE_BYTES_MAX);
          expect(readMarks(marks.header).marks).toMatchObject({ lane: marks.lane, stress: marks.stress });
          expect(readMarks(marks.headerWith(header)).marks).toMatchObject({ lane: marks.lane, stress: marks.stress });
        },
      ),
      { numRuns: 500 },
    );
  });

  it('finds a stress mark wherever it stands, and writes it first', () => {
    fc.assert(
      fc.property(fc.nat(100), fc.nat(100), (before, behind) => {
        const filler = (count: number): string[] => Array.from({ length: count }, () => `k=${'x'.repeat(200)}`);
        const { marks } = readMarks([...filler(before), `${STRESS_KEY}=1`, ...filler(behind)].join());
        expect(marks.stress).toBe(true);
        expect(marks.header.startsWith(`${STRESS_KEY}=1`)).toBe(true);
      }),
    );
  });

  it.each([
    [
      'key1=value1;property1;property2, key2 = value2, key3=value3; propertyKey=propertyValue',
      ['value1', 'value2', 'value3'],
      0,
    ],
    ['userId=Am%C3%A9lie,serverNode=DF%2028', ['Am\u00e9lie', 'DF 28'], 0],
    ['a=,b==c=,, ,', ['', '=c='], 0],
    ['a=%80%41', ['\ufffdA'], 0],
    ['a=1,a=2', ['1', '2'], 0],
    ['a', [], 1],
    ['=1', [], 1],
    ['a b=1', [], 1],
    ['a="1"', [], 1],
    ['a=1 2', [], 1],
    ['a=%', [], 1],
    ['a=%4', [], 1],
    ['a=\u00e9', [], 1],
    ['a=1;b c', [], 1],
    ['a=1;', [], 1],
    ['a=\\,b=2', ['2'], 1],
  ])('reads %j', (header, values, malformed) => {
    const parsed = parseBaggage(header);
    expect([parsed.members.map((each) => each.value), parsed.malformed]).toEqual([values, malformed]);
  });

  it('keeps as many members and bytes as the specification asks for, and counts the others', () => {
    const most = Array.from({ length: BAGGAGE_MEMBERS_MAX }, (_, index) => `k${index}=v`);
    expect(parseBaggage(most.join())).toMatchObject({ members: { length: 64 }, dropped: 0 });
    expect(parseBaggage([...most, 'one=more'].join())).toMatchObject({ members: { length: 64 }, dropped: 1 });
    const longest = `k=${'v'.repeat(BAGGAGE_BYTES_MAX - 2)}`;
    expect(parseBaggage(longest)).toMatchObject({ members: { length: 1 }, dropped: 0 });
    expect(formatBaggage(parseBaggage(longest).members)).toBe(longest);
    expect(parseBaggage(`${longest}v`)).toMatchObject({ members: [], dropped: 1 });
    expect(parseBaggage(`k=v,${' '.repeat(BAGGAGE_INPUT_MAX)}`)).toEqual({ members: [], malformed: 1, dropped: 0 });
  });

  it('writes text that is none, and refuses keys and properties that are none', () => {
    expect(formatBaggage([{ key: 'a', value: '\ud800' }])).toBe('a=%EF%BF%BD');
    expect(() => formatBaggage([{ key: 'a b', value: '' }])).toThrow('not a baggage key: "a b"');
    expect(() => formatBaggage([{ key: 'a', value: '', properties: ['b,c=d'] }])).toThrow(
      'not a baggage property: "b,c=d"',
    );
  });
});
