import { usersOfLedger } from '../reconcile/pages';
import type { OperatorBalances } from '../stores';
import { USERS_PER_CALL, type StationClient } from './station-client';

/** What a running station has in memory. Its outbox is there too, where nobody can look. */
export function stationBalances(station: StationClient): OperatorBalances {
  return {
    kind: 'memory',
    place: station.address,
    pages: (ledger, waiting) => usersOfLedger(ledger, waiting, USERS_PER_CALL),
    accountsOf: (userIds) => station.cached(userIds),
    users: async (userIds) => {
      const accounts = await station.cached(userIds);
      return userIds.map((id) => ({ accounts: accounts.filter(({ userId }) => userId === id), pending: [] }));
    },
    outbox: async () => undefined,
    outboxEvents: async () => [],
    close: () => station.close(),
  };
}
