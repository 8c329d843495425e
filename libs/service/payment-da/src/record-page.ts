import { isUuidV7 } from '@giftmesh/kernel-ids';
import { invalidRequest, type AssetRecord, type RecordCursor } from '@giftmesh/domain-money';

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

/** The token of the page behind `last`, good for this user only. */
export function pageToken(userId: bigint, last: AssetRecord): string {
  return Buffer.from(`1|${userId}|${last.eventId}|${last.opUserId}|${last.role}`).toString('base64url');
}

/** Where a page begins, undefined for the first. Throws INVALID_ARGUMENT for a token that is none, or another user's. */
export function cursorOf(userId: bigint, token: string): RecordCursor | undefined {
  if (token === '') return undefined;
  const [version, user, eventId = '', opUser = '', role] = Buffer.from(token, 'base64url').toString('utf8').split('|');
  const known = version === '1' && user === String(userId) && isUuidV7(eventId) && /^\d{1,19}$/.test(opUser);
  if (!known || (role !== 'payer' && role !== 'payee'))
    throw invalidRequest([{ field: 'page_token', description: 'is not from an answer for this user' }]);
  return { eventId, opUserId: BigInt(opUser), role };
}
