import { KafkaEventLog } from '@giftmesh/adapter-kafka';
import type { DecidedEvent, LogEntry, ShardMap } from '@giftmesh/domain-money';
import { moneyLogCodec } from '@giftmesh/wire-money';
import type { RealServers } from '../real/real-servers';

/** As the services are told by default. */
export const TOPIC = 'giftmesh-money';
const APPENDED_AT_ONCE = 2_000;

/** Appends gifts to the topic of money, in their order, as stations do. */
export async function appendGifts(
  { kafka }: RealServers,
  shards: ShardMap,
  gifts: readonly DecidedEvent[],
): Promise<void> {
  const log = await KafkaEventLog.open<LogEntry>({
    brokers: kafka.brokers,
    topic: TOPIC,
    codec: moneyLogCodec,
    partitionCount: shards.partitionCount,
    createTopic: true,
  });
  try {
    for (let from = 0; from < gifts.length; from += APPENDED_AT_ONCE)
      await log.append(
        gifts.slice(from, from + APPENDED_AT_ONCE).map((decided) => ({
          partition: shards.partitionOf(decided.event.opUserId),
          value: { kind: 'event', decided },
        })),
      );
  } finally {
    await log.close();
  }
}
