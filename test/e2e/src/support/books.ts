import type { common, da, station } from '@giftmesh/contract';
import type { MeshClients } from '@giftmesh/test-harness';
import { recordsOf } from './requests';

/** What ledger and station know of some users. */
export interface Books {
  /** Counters and decided events, behind the read barrier. */
  readonly accounts: readonly da.LoadedAccount[];
  readonly users: readonly station.UserAssets[];
  /** Of each user, newest first. */
  readonly records: readonly (readonly common.AssetRecord[])[];
}

/** All that is known of users; equal before and behind a call that changed nothing. */
export async function booksOf(mesh: Pick<MeshClients, 'station' | 'da'>, userIds: readonly bigint[]): Promise<Books> {
  const { accounts } = await mesh.da.call.loadAssets({ userIds: [...userIds], decidedSinceMs: 0n });
  const { users } = await mesh.station.call.getAssets({ userIds: [...userIds], cachedOnly: false });
  const records: common.AssetRecord[][] = [];
  for (const userId of userIds) records.push(await recordsOf(mesh, userId));
  return { accounts, users, records };
}
