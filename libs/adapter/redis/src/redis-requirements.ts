import type { Redis } from 'ioredis';
import { RedisUnusableError, type RedisConnection } from './redis-connection';

/** How much the server must keep: `always`: what was answered is on disk; `everysec`: but for the last second; `none`: nothing. */
export type RedisDurability = 'always' | 'everysec' | 'none';

const VERSION_MIN = 7;

/** What a server says of itself; undefined for what it does not tell. */
export interface RedisServerFacts {
  readonly version: string | undefined;
  readonly bits: string | undefined;
  readonly role: string | undefined;
  readonly clusterEnabled: boolean;
  readonly maxmemoryPolicy: string | undefined;
  readonly aofEnabled: boolean;
  readonly appendfsync: string | undefined;
}

/**
 * Why a server must not hold balances, with what to do about it; empty for a good one.
 *
 * An evicting policy is refused even while no `maxmemory` is set: that can be changed any time by those who don't know of us, and the first
 * key to go would be a balance or, worse, an outbox.
 */
export function redisProblems(
  facts: RedisServerFacts,
  wanted: { durability: RedisDurability; cluster: boolean },
): string[] {
  const problems: string[] = [];
  const major = Number.parseInt(facts.version ?? '', 10);
  if (!(major >= VERSION_MIN))
    problems.push(`is version ${facts.version ?? 'unknown'}: install Redis ${VERSION_MIN} or newer`);
  if (facts.bits !== '64') problems.push(`is built for ${facts.bits ?? 'unknown'} bits: balances need 64`);
  if (facts.clusterEnabled && !wanted.cluster)
    problems.push('is a node of a cluster: name several of its nodes in the URLs, or say that it is a cluster');
  if (!facts.clusterEnabled && wanted.cluster) problems.push('is no node of a cluster: name one server only');
  if (!wanted.cluster && facts.role !== undefined && facts.role !== 'master')
    problems.push('is a replica: name its master in the URL');
  if (facts.maxmemoryPolicy !== 'noeviction')
    problems.push(
      `drops keys when memory is short (maxmemory-policy ${facts.maxmemoryPolicy ?? 'unknown'}): ` +
        'CONFIG SET maxmemory-policy noeviction, and write it into redis.conf',
    );
  if (wanted.durability !== 'none' && !facts.aofEnabled)
    problems.push('keeps no append-only file: CONFIG SET appendonly yes, and write it into redis.conf');
  const isSynced = facts.appendfsync === 'always' || facts.appendfsync === wanted.durability;
  if (wanted.durability !== 'none' && !isSynced)
    problems.push(
      `writes its file with appendfsync ${facts.appendfsync ?? 'unknown'}: CONFIG SET appendfsync ${wanted.durability}, ` +
        'and write it into redis.conf',
    );
  return problems;
}

/** Rejects with RedisUnusableError when a server is not fit for balances. Of a cluster, replicas are looked at too: they will be masters. */
export async function requireRedis(connection: RedisConnection, durability: RedisDurability): Promise<void> {
  const nodes = connection.nodes(true);
  const found = await Promise.all(
    nodes.map(async (node) => {
      const wanted = { durability, cluster: connection.oneSlotPerCall };
      const problems = redisProblems(await factsOf(node), wanted);
      return problems.map((problem) => `${node.options.host}:${node.options.port} ${problem}`);
    }),
  );
  const problems = found.flat();
  if (problems.length > 0) throw new RedisUnusableError(`Redis is not fit for balances:\n- ${problems.join('\n- ')}`);
}

async function factsOf(node: Redis): Promise<RedisServerFacts> {
  const info = await node.info();
  const fact = (name: string): string | undefined => new RegExp(`^${name}:(.*?)\r?$`, 'm').exec(info)?.[1];
  return {
    version: fact('redis_version'),
    bits: fact('arch_bits'),
    role: fact('role'),
    clusterEnabled: fact('cluster_enabled') === '1',
    maxmemoryPolicy: fact('maxmemory_policy'),
    aofEnabled: fact('aof_enabled') === '1',
    appendfsync: await configOf(node, 'appendfsync'),
  };
}

/** Undefined where it may not be asked: who offers Redis as a service often forbids it. */
async function configOf(node: Redis, name: string): Promise<string | undefined> {
  try {
    const [, value] = await node.config('GET', name);
    return value;
  } catch {
    return undefined;
  }
}
