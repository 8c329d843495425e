import { lowestUuidV7At } from '@giftmesh/kernel-ids';
import { DEFAULT_ACCEPTANCE_WINDOW, placeInWindow } from './acceptance-window';

describe('placeInWindow', () => {
  const nowMs = Date.UTC(2026, 0, 1);
  const window = { pastMs: 1_000, futureMs: 100 };

  it.each([
    [0, 'inside'],
    [-1_000, 'inside'],
    [-1_001, 'expired'],
    [100, 'inside'],
    [101, 'future'],
    [-nowMs, 'expired'],
    [1e12, 'future'],
  ] as const)('puts an id of %p ms from now %s', (fromNowMs, place) => {
    expect(placeInWindow(lowestUuidV7At(nowMs + fromNowMs), nowMs, window)).toBe(place);
  });

  it('takes the last of the ids of a millisecond like the first', () => {
    const last = `${lowestUuidV7At(nowMs - 1_001).slice(0, 14)}7fff-bfff-ffffffffffff`;
    expect(placeInWindow(last, nowMs, window)).toBe('expired');
  });

  it('is an hour long by default', () => {
    expect(placeInWindow(lowestUuidV7At(nowMs - 3_600_000), nowMs, DEFAULT_ACCEPTANCE_WINDOW)).toBe('inside');
    expect(placeInWindow(lowestUuidV7At(nowMs + 300_001), nowMs, DEFAULT_ACCEPTANCE_WINDOW)).toBe('future');
  });
});
