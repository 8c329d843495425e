import { createHash } from 'node:crypto';
import { KafkaEventLog } from '@giftmesh/adapter-kafka';
import { createConnection, type RowDataPacket } from 'mysql2/promise';
import type { MeshServers } from '@giftmesh/test-servers';
import { askRedis } from '@giftmesh/tool-infra';
import { moneyLogCodec } from '@giftmesh/wire-money';

/** What the servers hold for real calls, or for those of load tests. */
export interface ServerState {
  /** Of all keys with the prefix and what is behind them. */
  readonly redis: string;
  readonly redisKeys: number;
  /** The end of each partition of the topic. */
  readonly kafka: readonly number[];
  /** A checksum of each table. */
  readonly mysql: Readonly<Record<string, string>>;
}

/** Of a topic, as the services make it. */
const PARTITIONS = 4;

const DUMP_ALL = `
local keys = redis.call('KEYS', ARGV[1])
table.sort(keys)
local digests = {tostring(#keys)}
for _, key in ipairs(keys) do
  digests[#digests + 1] = redis.sha1hex(key .. redis.call('DUMP', key))
end
return table.concat(digests, ' ')`;

/** What stands under the names of one side. Equal before and behind calls that left it alone. */
export async function serverStateOf(
  servers: MeshServers,
  names: { readonly prefix: string; readonly topic: string; readonly database: string },
): Promise<ServerState> {
  const [digests = ''] = await askRedis({ port: servers.redis.port }, ['EVAL', DUMP_ALL, 0, `${names.prefix}*`]);
  return {
    redis: createHash('sha256').update(digests).digest('hex'),
    redisKeys: Number.parseInt(digests, 10),
    kafka: await endsOf(servers.kafka.brokers, names.topic),
    mysql: await checksumsOf(servers.mariadb.url, names.database),
  };
}

async function endsOf(brokers: readonly string[], topic: string): Promise<readonly number[]> {
  const log = await KafkaEventLog.open({ brokers, topic, codec: moneyLogCodec, partitionCount: PARTITIONS });
  try {
    return (await log.endPositions()).map(({ offset }) => offset);
  } finally {
    await log.close();
  }
}

async function checksumsOf(serverUrl: string, database: string): Promise<Readonly<Record<string, string>>> {
  const sql = await createConnection({ uri: serverUrl.replace(/[^/]*$/, database) });
  try {
    const [tables] = await sql.query<RowDataPacket[]>('SHOW TABLES');
    const names = tables.map((row) => String(Object.values(row)[0]));
    const [sums] = await sql.query<RowDataPacket[]>(`CHECKSUM TABLE ${names.map((name) => `\`${name}\``).join(', ')}`);
    return Object.fromEntries(sums.map((row) => [String(row['Table']), String(row['Checksum'])]));
  } finally {
    await sql.end();
  }
}
