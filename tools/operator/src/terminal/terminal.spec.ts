import { ageText } from './age';
import { jsonOf } from './json';
import { paintFor } from './paint';
import { StatusLine } from './status-line';
import { table } from './table';

const ESCAPE = '\u001b';

class Stream {
  text = '';
  constructor(
    readonly isTTY: boolean,
    readonly columns = 30,
  ) {}
  write(text: string): void {
    this.text += text;
  }
}

describe('StatusLine', () => {
  it('changes in place on a terminal, cut to its width, with lines passing above', () => {
    const stream = new Stream(true);
    let nowMs = 0;
    const line = new StatusLine(stream, () => nowMs, 1000);
    line.set('one');
    nowMs += 79;
    line.set('passed over');
    nowMs += 1;
    line.set('2'.repeat(99));
    line.print('above');
    line.clear();
    line.set('at once');
    const status = '2'.repeat(29);
    const clear = `\r${ESCAPE}[2K`;
    expect(stream.text).toBe(`${clear}one${clear}${status}${clear}above\n${status}${clear}${clear}at once`);
  });

  it('writes whole lines at intervals elsewhere, without control characters', () => {
    const stream = new Stream(false);
    let nowMs = 0;
    const line = new StatusLine(stream, () => nowMs, 1000);
    line.set('one');
    nowMs = 999;
    line.set('passed over');
    line.print('above');
    nowMs = 1000;
    line.set('two');
    line.clear();
    expect(stream.text).toBe('one\nabove\ntwo\n');
  });
});

describe('paintFor', () => {
  it('colours terminals only, and not those that declined', () => {
    expect(paintFor({ isTTY: true }, { CI: '1' }).red('x')).toContain(ESCAPE);
    expect(paintFor({ isTTY: true }, { NO_COLOR: '1' }).red('x')).toBe('x');
    expect(paintFor({ isTTY: true }, { NO_COLOR: '' }).red('x')).toContain(ESCAPE);
    expect(paintFor({ isTTY: true }, { TERM: 'dumb' }).green('x')).toBe('x');
    expect(paintFor({}, { FORCE_COLOR: '1' }).bold('x')).toBe('x');
  });
});

it('a table has no colours of its own', () => {
  const text = table({
    head: ['name', 'coins'],
    right: [1],
    rows: [
      ['a', '1'],
      ['bb', '22'],
    ],
  });
  expect(text).not.toContain(ESCAPE);
  expect(text).toContain('│ bb   │    22 │');
});

it('int64 is text in JSON', () => {
  expect(jsonOf({ id: 2n ** 62n, bytes: new Uint8Array([1, 2]) })).toBe('{"id":"4611686018427387904","bytes":"AQI="}');
});

it.each([
  [-1_500, '-1.5 s'],
  [0, '0.0 s'],
  [119_940, '119.9 s'],
  [120_000, '2 min'],
  [7_199_999, '119 min'],
  [7_200_000, '2 h'],
  [172_800_000, '2 d'],
])('an age of %d ms is %s', (ageMs, text) => {
  expect(ageText(ageMs)).toBe(text);
});
