import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { askRedis } from './ask-redis';
import { freePort } from './free-port';
import { ownedFolder } from './owned-folder';
import { redisKind } from './redis';
import { RestartableServer } from './restartable-server';
import { startServer } from './server-process';

export interface StartRedisClusterOptions {
  /** Masters; a cluster needs three. Default 3. */
  readonly masters?: number;
  /** Replicas of each master. Default 1. */
  readonly replicas?: number;
  /** More arguments of each redis-server. */
  readonly args?: readonly string[];
}

/** A Redis Cluster of processes on 127.0.0.1. */
export interface RedisCluster {
  /** The first `masters` of them began as masters. */
  readonly nodes: readonly RestartableServer[];
  /** `redis://127.0.0.1:port` of each node. */
  readonly urls: readonly string[];
  stop(): Promise<void>;
  kill(): Promise<void>;
}

/** The longest that a new cluster takes to know itself, milliseconds. */
const FORM_MS_MAX = 30_000;
/** How long a silent node is waited for before its replica takes over, milliseconds. */
const NODE_TIMEOUT_MS = 2_000;
const SLOTS = 16_384;
const ASKED_EVERY_MS = 50;

/** Starts a Redis Cluster, six nodes unless told otherwise, and resolves when all slots are served and all replicas follow. */
export async function startRedisCluster(options: StartRedisClusterOptions = {}): Promise<RedisCluster> {
  const { masters = 3, replicas = 1, args = [] } = options;
  if (!Number.isInteger(masters) || masters < 3) throw new RangeError(`masters must be at least 3, is ${masters}`);
  if (!Number.isInteger(replicas) || replicas < 0) throw new RangeError(`replicas must be at least 0, is ${replicas}`);
  const folder = await ownedFolder('redis-cluster', undefined);
  const started: ClusterNode[] = [];
  const end = async (how: 'stop' | 'kill'): Promise<void> => {
    await Promise.all(started.map(({ server }) => server[how]()));
    await folder.remove();
  };
  try {
    const count = masters * (1 + replicas);
    for (let index = 0; index < count; index += 1)
      started.push(await startNode(join(folder.path, String(index)), args));
    await form(started, masters);
  } catch (error) {
    await end('kill');
    throw error;
  }
  const nodes = started.map(({ server }) => server);
  const urls = nodes.map(({ port }) => `redis://127.0.0.1:${port}`);
  return { nodes, urls, stop: () => end('stop'), kill: () => end('kill') };
}

interface ClusterNode {
  readonly server: RestartableServer;
  /** Where the nodes speak to each other. */
  readonly busPort: number;
}

async function startNode(folder: string, more: readonly string[]): Promise<ClusterNode> {
  let busPort = 0;
  let isKnown = false;
  const kind = redisKind(async () => {
    // Either port may turn out to be taken until it has started once; then the others know it by both, and it keeps them.
    if (!isKnown) busPort = await freePort();
    return [
      ...['--cluster-enabled', 'yes', '--cluster-node-timeout', String(NODE_TIMEOUT_MS)],
      // Replicas that come one by one need not wait for each other.
      ...['--cluster-port', String(busPort), '--repl-diskless-sync-delay', '0', ...more],
    ];
  });
  const server = await RestartableServer.start((port) => startServer(kind, { folder, port }));
  isKnown = true;
  return { server, busPort };
}

/** What `redis-cli --cluster create` does, without its seconds of waiting. */
async function form(started: readonly ClusterNode[], masters: number): Promise<void> {
  const nodes = started.map(({ server, busPort }) => ({ port: server.port, busPort }));
  const endMs = Date.now() + FORM_MS_MAX;
  const untilAll = async (what: string, isDone: (port: number) => Promise<boolean>): Promise<void> => {
    while (!(await Promise.all(nodes.map(({ port }) => isDone(port)))).every(Boolean)) {
      if (Date.now() > endMs) throw new Error(`the cluster does not form: ${what} takes longer than ${FORM_MS_MAX} ms`);
      await delay(ASKED_EVERY_MS);
    }
  };
  const portOf = (index: number): number => nodes[index]?.port ?? 0;
  for (const [index, { port, busPort }] of nodes.entries()) {
    // Different epochs, or the nodes would have to argue about them.
    await order(port, 'SET-CONFIG-EPOCH', index + 1);
    const slotsFrom = Math.ceil((index * SLOTS) / masters);
    const slotsTo = Math.ceil(((index + 1) * SLOTS) / masters) - 1;
    if (index < masters) await order(port, 'ADDSLOTSRANGE', slotsFrom, slotsTo);
    if (index > 0) await order(portOf(0), 'MEET', '127.0.0.1', port, busPort);
  }
  const has = async (port: number, line: string): Promise<boolean> => {
    const [info = ''] = await askRedis({ port }, ['CLUSTER', 'INFO']);
    return info.includes(`${line}\r\n`);
  };
  await untilAll('the meeting of the nodes', (port) => has(port, `cluster_known_nodes:${nodes.length}`));
  await untilAll('the spread of the slots', (port) => has(port, 'cluster_state:ok'));
  for (const [index, { port }] of nodes.entries()) {
    if (index < masters) continue;
    await order(port, 'REPLICATE', await idOf(portOf(index % masters)));
  }
  const replicas = nodes.slice(masters).map(({ port }) => port);
  await untilAll('the following of the replicas', async (port) => {
    const [known = '', info = ''] = await askRedis({ port }, ['CLUSTER', 'NODES'], ['INFO', 'replication']);
    if (known.split('\n').filter((line) => / (myself,)?slave /.test(line)).length !== replicas.length) return false;
    return !replicas.includes(port) || info.includes('master_link_status:up');
  });
}

async function order(port: number, ...command: (string | number)[]): Promise<void> {
  const [answer] = await askRedis({ port }, ['CLUSTER', ...command]);
  if (answer !== 'OK') throw new Error(`the cluster does not form: CLUSTER ${command.join(' ')}: ${answer}`);
}

async function idOf(port: number): Promise<string> {
  const [id = ''] = await askRedis({ port }, ['CLUSTER', 'MYID']);
  return id;
}
