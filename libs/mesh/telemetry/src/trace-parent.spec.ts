import { canonicalTraceParent, parseTraceParent, TRACEPARENT_LENGTH_MAX, traceParentFlags } from './trace-parent';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const SPAN = '00f067aa0ba902b7';

describe('parseTraceParent', () => {
  it.each([
    ['sampled', `00-${TRACE}-${SPAN}-01`, 1],
    ['not sampled', `00-${TRACE}-${SPAN}-00`, 0],
    ['flags that are not known', `00-${TRACE}-${SPAN}-fd`, 1],
    ['a later version', `01-${TRACE}-${SPAN}-01`, 1],
    ['a later version with more fields', `cc-${TRACE}-${SPAN}-01-what-the-future-holds`, 1],
    ['the longest', `01-${TRACE}-${SPAN}-01-${'x'.repeat(TRACEPARENT_LENGTH_MAX - 56)}`, 1],
  ])('takes %s', (_name, header, flags) => {
    expect(parseTraceParent(header)).toEqual({ traceId: TRACE, spanId: SPAN, flags });
    expect(canonicalTraceParent(header, traceParentFlags(header))).toBe(`00-${TRACE}-${SPAN}-0${flags}`);
  });

  it.each([
    ['nothing', ''],
    ['version ff', `ff-${TRACE}-${SPAN}-01`],
    ['a version that is no number', `0g-${TRACE}-${SPAN}-01`],
    ['version 00 with more', `00-${TRACE}-${SPAN}-01-more`],
    ['version 00 with a dash behind', `00-${TRACE}-${SPAN}-01-`],
    ['a later version with more flags', `01-${TRACE}-${SPAN}-011`],
    ['a trace id of zeros', `00-${'0'.repeat(32)}-${SPAN}-01`],
    ['a span id of zeros', `00-${TRACE}-${'0'.repeat(16)}-01`],
    ['capital letters', `00-${TRACE.toUpperCase()}-${SPAN}-01`],
    ['a short trace id', `00-${TRACE.slice(1)}-${SPAN}-01`],
    ['a long trace id', `00-${TRACE}a-${SPAN}-01`],
    ['another separator', `00_${TRACE}_${SPAN}_01`],
    ['no flags', `00-${TRACE}-${SPAN}`],
    ['flags that are no number', `00-${TRACE}-${SPAN}-0x`],
    ['space around', ` 00-${TRACE}-${SPAN}-01`],
    ['a line break behind', `00-${TRACE}-${SPAN}-01\n`],
    ['letters beyond ASCII', `00-${TRACE.replace('4', '\u0434')}-${SPAN}-01`],
    ['too long', `01-${TRACE}-${SPAN}-01-${'x'.repeat(TRACEPARENT_LENGTH_MAX - 55)}`],
  ])('refuses %s', (_name, header) => {
    expect(parseTraceParent(header)).toBeUndefined();
  });
});
