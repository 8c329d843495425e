import { common, type da } from '@giftmesh/contract';
import { balanceOf, type AssetRecord, type Counters } from '@giftmesh/domain-money';
import type { MeshClients } from '@giftmesh/test-harness';
import type { Books } from '@giftmesh/test-oracle';
import { countersFromProto } from '@giftmesh/wire-money';
import { patiently } from './patiently';

const PAGE_SIZE = 200;
/** The most pages of one user. */
const PAGES_MAX = 10_000;
/** The longest that store and ledger may take to agree once nothing is sent, milliseconds. */
const AGREE_MAX_MS = 30_000;

/** Reads records and balances as clients do, when the store agrees with the ledger or has had its time. */
export async function readBooks(mesh: MeshClients, users: readonly bigint[]): Promise<Books> {
  const giveUpAtMs = performance.now() + AGREE_MAX_MS;
  for (;;) {
    const ledger = await patiently(() => readLedger(mesh, users));
    const store = await patiently(() => readStore(mesh, users));
    if (isSame(ledger, store) || performance.now() > giveUpAtMs) {
      const records = await readRecords(mesh, users);
      return { records, ledger, store, anomalies: [], holesAllowed: false };
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

async function readLedger(mesh: MeshClients, users: readonly bigint[]): Promise<Counters[]> {
  const { accounts } = await mesh.da.call.loadAssets({ userIds: [...users], decidedSinceMs: BigInt(Date.now()) });
  return accounts.flatMap(({ assets }) => assets.map(countersFromProto));
}

async function readStore(mesh: MeshClients, users: readonly bigint[]): Promise<Counters[]> {
  const answer = await mesh.station.call.getAssets({ userIds: [...users], cachedOnly: false });
  const counters: Counters[] = [];
  for (const { assets } of answer.users)
    for (const asset of assets) {
      if (asset.counters === undefined) throw new Error('an asset has no counters');
      const account = countersFromProto(asset.counters);
      if (asset.balance !== balanceOf(account)) throw new Error(`user ${account.userId}: balance ${asset.balance}?`);
      counters.push(account);
    }
  return counters;
}

function isSame(a: readonly Counters[], b: readonly Counters[]): boolean {
  const text = (all: readonly Counters[]): string =>
    all
      .map(({ userId, assetType, credited, reversed, debited, seq }) =>
        [userId, assetType, credited, reversed, debited, seq].join(),
      )
      .sort()
      .join(';');
  return text(a) === text(b);
}

async function readRecords(mesh: MeshClients, users: readonly bigint[]): Promise<AssetRecord[]> {
  const records: AssetRecord[] = [];
  for (const userId of users) {
    let pageToken = '';
    for (let page = 0; page === 0 || pageToken !== ''; page += 1) {
      if (page >= PAGES_MAX) throw new Error(`the records of user ${userId} don't end`);
      const answer: da.ListAssetRecordsResponse = await patiently(() =>
        mesh.station.call.listAssetRecords({ userId, pageSize: PAGE_SIZE, pageToken }),
      );
      records.push(...answer.records.map(recordFromProto));
      pageToken = answer.nextPageToken;
    }
  }
  return records;
}

/** The op user of a leg is not on the wire: for a payer it is herself, for a payee who paid, for a recharge herself. */
function recordFromProto(message: common.AssetRecord): AssetRecord {
  const isPayer = message.role === common.RecordRole.PAYER;
  const isOrder = message.bizType === common.BizType.RECHARGE;
  return {
    eventId: message.eventId,
    opUserId: isPayer || isOrder ? message.userId : message.counterpartUserId,
    userId: message.userId,
    role: isPayer ? 'payer' : 'payee',
    eventType: message.eventType === common.EventType.REVERSAL ? 'reversal' : isOrder ? 'order_apple' : 'interact_gift',
    bizId: message.bizId,
    bizType: isOrder ? 'recharge' : 'live',
    objId: message.objId,
    quantity: message.quantity,
    assetType: 'coin',
    incr: message.incr,
    counterpartUserId: message.counterpartUserId,
    balanceAfter: message.balanceAfter,
    appliedAtMs: message.appliedAt?.getTime() ?? 0,
  };
}
