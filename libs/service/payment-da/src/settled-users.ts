import type { DecidedEvent } from '@giftmesh/domain-money';

/** All whom events pay or let pay, each once. */
export function usersOf(events: readonly DecidedEvent[]): bigint[] {
  const users = new Set<bigint>();
  for (const { event } of events) {
    users.add(event.opUserId);
    for (const { userId } of event.toUserChanges) users.add(userId);
  }
  return [...users];
}
