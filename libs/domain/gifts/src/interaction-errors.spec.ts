import { INTERACTION_ERROR_CODES } from './interaction-errors';

describe('interaction error codes', () => {
  it('are distinct and in their range', () => {
    const codes = Object.values(INTERACTION_ERROR_CODES);
    expect(new Set(codes).size).toBe(codes.length);
    for (const code of codes) expect(code >= 10_000 && code <= 19_999).toBe(true);
  });
});
