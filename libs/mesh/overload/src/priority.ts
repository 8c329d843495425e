import { contextKey, type Call } from '@giftmesh/mesh-context';
import type { MethodPolicy } from '@giftmesh/mesh-policy';

/**
 * What a call is worth when not all can be served, as one number: business priority × 128 + user priority, smaller is more
 * important (DAGOR, Zhou et al., SoCC 2018, section 4.2.3). The business part is of the method that a user called at the edge,
 * the user part a hash of user and hour: so the same users get through everywhere, and others an hour later.
 */
export type Priority = number;

/** User priorities of each business priority: 0 to 127. */
export const USER_PRIORITIES = 128;

/** The least important business priority, and that of methods that declare none. */
export const BUSINESS_MAX = 127;

/** The admission level that lets every priority pass. */
export const LEVEL_OPEN = BUSINESS_MAX * USER_PRIORITIES + USER_PRIORITIES - 1;

/** Metadata name of a call's priority, `<business>.<user>`; believed between services only. */
export const PRIORITY_HEADER = 'x-mesh-priority';

/** The compound of both parts; parts out of range are brought into it, the least important where in doubt. */
export function compoundPriority(business: number, user: number): Priority {
  return part(business, BUSINESS_MAX) * USER_PRIORITIES + part(user, USER_PRIORITIES - 1);
}

/** The business part of a method's policy: what it declares, `BUSINESS_MAX` when nothing. */
export function businessOf(policy: MethodPolicy): number {
  return policy.priority === 0 ? BUSINESS_MAX : part(policy.priority, BUSINESS_MAX);
}

/** The priority as metadata. */
export function formatPriority(priority: Priority): string {
  return `${Math.floor(priority / USER_PRIORITIES)}.${priority % USER_PRIORITIES}`;
}

/** The priority in metadata, undefined when it is malformed: two decimal numbers from 0 to 127, without leading zeros. */
export function parsePriority(text: string): Priority | undefined {
  const dot = text.indexOf('.');
  const business = smallNumber(text, 0, dot);
  const user = smallNumber(text, dot + 1, text.length);
  return business <= BUSINESS_MAX && user < USER_PRIORITIES ? business * USER_PRIORITIES + user : undefined;
}

/** The number that stands in a part of a text, NaN when it is none of one to three digits. It is on the way of every call. */
function smallNumber(text: string, start: number, end: number): number {
  if (end <= start || end - start > 3) return NaN;
  let number = 0;
  for (let index = start; index < end; index += 1) {
    const digit = text.charCodeAt(index) - 48;
    if (digit < 0 || digit > 9) return NaN;
    number = number * 10 + digit;
  }
  return end - start > 1 && text.charCodeAt(start) === 48 ? NaN : number;
}

/**
 * The user part: 0 to 127, the same for a user on all servers within an hour.
 * @param unixMs the wall clock.
 */
export function userPriority(user: string, unixMs: number): number {
  // FNV-1a, and the finalizer of MurmurHash3: users that differ in their last digit only get far apart.
  let hash = 0x811c9dc5 ^ Math.floor(unixMs / 3_600_000);
  for (let index = 0; index < user.length; index += 1) hash = Math.imul(hash ^ user.charCodeAt(index), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) & (USER_PRIORITIES - 1);
}

const key = contextKey<Priority>('priority');

/** The priority that was given to a call, or to the call that it is part of; undefined when nobody did. */
export function priorityOf(call: Call): Priority | undefined {
  return call.get(key);
}

/** What a call is worth: what it was given, or what its method declares, for a user in the middle. */
export function priorityFor(call: Call & { readonly policy: MethodPolicy }): Priority {
  return priorityOf(call) ?? compoundPriority(businessOf(call.policy), USER_PRIORITIES / 2);
}

/** Gives a call, and all that is part of it, a priority. */
export function setPriority(call: Call, priority: Priority): void {
  call.set(key, priority);
}

function part(value: number, max: number): number {
  return Number.isInteger(value) && value >= 0 && value <= max ? value : max;
}
