import type { MysqlLedger } from '@giftmesh/adapter-mysql';
import type { DecidedEvent, ShardMap } from '@giftmesh/domain-money';
import { byPartition } from './gift-source';

/** As many events as a DA settles at once. */
const BATCH = 4_096;
/** Appliers, each with partitions of its own. */
const APPLIERS = 2;

/** Applies gifts with `MysqlLedger.apply` alone: no log, no service. Rejects when one was not new. */
export async function settleBare(ledger: MysqlLedger, shards: ShardMap, gifts: readonly DecidedEvent[]): Promise<void> {
  const offsets = new Map((await ledger.positions()).map(({ partition, offset }) => [partition, offset]));
  const parts = [...byPartition(gifts, shards).entries()];
  const applyPart = async (partition: number, part: readonly DecidedEvent[]): Promise<void> => {
    let fromOffset = offsets.get(partition) ?? 0;
    for (let from = 0; from < part.length; from += BATCH) {
      const entries = part.slice(from, from + BATCH).map((decided) => ({ kind: 'event' as const, decided }));
      const toOffset = fromOffset + entries.length;
      const { applied } = await ledger.apply([{ partition, fromOffset, toOffset, entries, parked: [] }]);
      if (applied !== entries.length) throw new Error(`only ${applied} of ${entries.length} were new`);
      fromOffset = toOffset;
    }
  };
  const applier = async (): Promise<void> => {
    for (let next = parts.shift(); next !== undefined; next = parts.shift()) await applyPart(...next);
  };
  await Promise.all(Array.from({ length: APPLIERS }, applier));
}
