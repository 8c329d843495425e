import { sleep, systemClock } from '@giftmesh/kernel-time';
import { askRedis, type RedisCluster, type RestartableServer } from '@giftmesh/tool-infra';

/** The longest that a cluster may take to be whole again, milliseconds. */
const WHOLE_WITHIN_MS = 60_000;
const LOOK_EVERY_MS = 50;
/** A failover that gets no votes is asked for again, milliseconds. */
const ASK_AGAIN_MS = 2_000;

/** Kills a master of a cluster, and resolves when its replica has taken over. @param nth which of the masters, in the order of the nodes. */
export async function killMaster(cluster: RedisCluster, nth: number): Promise<RestartableServer> {
  const masters = await nodesOf(cluster, 'master');
  const lost = masters[nth % masters.length] as RestartableServer;
  await lost.kill();
  await until('all slots are served again', async () => (await nodesOf(cluster, 'master')).length === masters.length);
  return lost;
}

/** Makes a replica the master in good order (CLUSTER FAILOVER): nothing is lost. @param nth which of the replicas. */
export async function failOver(cluster: RedisCluster, nth: number): Promise<void> {
  const replicas = await nodesOf(cluster, 'slave');
  const next = replicas[nth % replicas.length] as RestartableServer;
  let askAtMs = -Infinity;
  await until('the replica is master', async () => {
    if ((await roleOf(next)) === 'master') return true;
    // Masters that have just voted about this part of the slots don't vote again for a while.
    if (systemClock.monotonicMs() > askAtMs) {
      askAtMs = systemClock.monotonicMs() + ASK_AGAIN_MS;
      await askRedis(next, ['CLUSTER', 'FAILOVER']);
    }
    return false;
  });
}

/** Resolves when all nodes answer, all slots are served and all replicas follow. */
export async function isWhole(cluster: RedisCluster): Promise<void> {
  await until('the cluster is whole', async () => {
    const infos = await Promise.all(
      cluster.nodes.map(async (node) =>
        (await askRedis(node, ['CLUSTER', 'INFO'], ['INFO', 'replication'])).join('\r\n'),
      ),
    );
    return infos.every(
      (info) =>
        info.includes('cluster_state:ok') &&
        info.includes('cluster_slots_ok:16384') &&
        (info.includes('role:master') || info.includes('master_link_status:up')),
    );
  });
}

/** Nodes that answer and have a role; masters without slots are none. */
async function nodesOf(cluster: RedisCluster, role: 'master' | 'slave'): Promise<RestartableServer[]> {
  const roles = await Promise.all(cluster.nodes.map((node) => roleOf(node).catch(() => undefined)));
  return cluster.nodes.filter((_, index) => roles[index] === role);
}

async function roleOf(node: RestartableServer): Promise<string | undefined> {
  const [info = ''] = await askRedis(node, ['INFO', 'replication']);
  return /role:(\w+)/.exec(info)?.[1];
}

async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  const endMs = systemClock.monotonicMs() + WHOLE_WITHIN_MS;
  while (!(await isSo().catch(() => false))) {
    if (systemClock.monotonicMs() > endMs) throw new Error(`waited ${WHOLE_WITHIN_MS} ms in vain until ${what}`);
    await sleep(systemClock, LOOK_EVERY_MS);
  }
}
