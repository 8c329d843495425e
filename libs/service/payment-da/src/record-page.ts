import { crc32 } from 'node:zlib';
import { isId, isUuidV7 } from '@giftmesh/kernel-ids';
import { invalidRequest, type RecordCursor } from '@giftmesh/domain-money';

/** Records of a page when the caller does not say. */
export const PAGE_SIZE_DEFAULT = 50;
/** The most records of a page. */
export const PAGE_SIZE_MAX = 200;

/** The number of records to answer. Throws INVALID_ARGUMENT outside 0 to {@link PAGE_SIZE_MAX}. */
export function pageSizeOf(requested: number): number {
  if (requested < 0 || requested > PAGE_SIZE_MAX)
    throw invalidRequest([{ field: 'page_size', description: `must be 0 to ${PAGE_SIZE_MAX}` }]);
  return requested === 0 ? PAGE_SIZE_DEFAULT : requested;
}

/**
 * The token of the page behind `last`, good for this user only. Its checksum is no secret: it tells a token that was damaged on
 * its way from one that was given out, nothing more.
 */
export function pageToken(userId: bigint, last: RecordCursor): string {
  const place = `1|${userId}|${last.eventId}|${last.opUserId}|${last.role}`;
  return Buffer.from(`${place}|${crc32(place).toString(16)}`).toString('base64url');
}

/**
 * Where a page begins, undefined for the first. Throws INVALID_ARGUMENT for a token that is none, was altered, or is another
 * user's.
 */
export function cursorOf(userId: bigint, token: string): RecordCursor | undefined {
  if (token === '') return undefined;
  const [, , eventId = '', opUser = '', role = ''] = Buffer.from(token, 'base64url').toString('utf8').split('|');
  if (isUuidV7(eventId) && /^\d{1,19}$/.test(opUser) && (role === 'payer' || role === 'payee')) {
    const cursor: RecordCursor = { eventId, opUserId: BigInt(opUser), role };
    // Decoding overlooks much, such as characters behind the end: only the very text that was given out counts.
    if (isId(cursor.opUserId) && pageToken(userId, cursor) === token) return cursor;
  }
  throw invalidRequest(
    [{ field: 'page_token', description: 'is not from an answer for this user' }],
    'PAGE_TOKEN_MALFORMED',
  );
}
