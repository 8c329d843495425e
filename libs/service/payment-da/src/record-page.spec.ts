import type { RecordCursor } from '@giftmesh/domain-money';
import { PAGE_SIZE_DEFAULT, PAGE_SIZE_MAX, cursorOf, pageSizeOf, pageToken } from './record-page';

const last = {
  eventId: '0197f5c5-7f00-7000-8000-000000000000',
  opUserId: 9_223_372_036_854_775_807n,
  role: 'payee',
} satisfies RecordCursor;

describe('pages of records', () => {
  it('carry where they end', () => {
    expect(cursorOf(5n, pageToken(5n, last))).toEqual({
      eventId: last.eventId,
      opUserId: last.opUserId,
      role: 'payee',
    });
    expect(cursorOf(5n, '')).toBeUndefined();
  });

  it('refuse tokens of others, and what is none', () => {
    const foreign = [pageToken(6n, last), 'x', 'AAAA', Buffer.from('1|5|x|1|payee').toString('base64url'), '🎁'];
    for (const token of foreign)
      expect(() => cursorOf(5n, token)).toThrow(expect.objectContaining({ reason: 'PAGE_TOKEN_MALFORMED' }) as Error);
  });

  it('refuse tokens that were altered, wherever that was', () => {
    const token = pageToken(5n, last);
    const altered = [`${token}x`, `${token}=`, ` ${token}`, `${token}\n`, token.slice(0, -1), token.slice(1)];
    for (let index = 0; index < token.length; index += 1)
      for (const other of ['A', 'B', '4', '-', '*'])
        if (token[index] !== other) altered.push(token.slice(0, index) + other + token.slice(index + 1));
    for (const wrong of altered)
      expect(() => cursorOf(5n, wrong)).toThrow(expect.objectContaining({ reason: 'PAGE_TOKEN_MALFORMED' }) as Error);
  });

  it('refuse places that no record can have', () => {
    for (const opUserId of [0n, 9_223_372_036_854_775_808n])
      expect(() => cursorOf(5n, pageToken(5n, { ...last, opUserId }))).toThrow('page_token');
  });

  it('have a size between 1 and their limit', () => {
    expect([pageSizeOf(0), pageSizeOf(1), pageSizeOf(PAGE_SIZE_MAX)]).toEqual([PAGE_SIZE_DEFAULT, 1, PAGE_SIZE_MAX]);
    for (const size of [-1, PAGE_SIZE_MAX + 1]) expect(() => pageSizeOf(size)).toThrow('page_size');
  });
});
