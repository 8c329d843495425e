import { createConnection, type Connection, type RowDataPacket } from 'mysql2/promise';
import { MeshProcesses } from '@giftmesh/tool-mesh';
import { rmSync } from 'node:fs';
import { NO_AUDIT } from '../real/real-mesh';
import { scratchFolder, type RealServers } from '../real/real-servers';
import { usageOf } from '../real/usage-of';

/** How often it is looked how far the ledger is: no time is known better. */
const LOOK_EVERY_MS = 10;
/** DAs that serve find their partitions within this time; they wait at a locked row meanwhile. */
const JOIN_MS = 3_000;
const STALL_LIMIT_MS = 60_000;

/** How the DAs settled what stood in the log. */
export interface Settled {
  readonly giftsPerSecond: number;
  /** CPU of a gift by the name of the process, microseconds. */
  readonly partsCpuUs: Readonly<Record<string, number>>;
}

export interface KafkaSettleOptions {
  readonly servers: RealServers;
  /** How many DAs share the partitions. */
  readonly consumers: number;
  /** Gifts that were appended since the DAs ended. */
  readonly gifts: number;
  /** The first of them are not measured: code is still being compiled. */
  readonly warmUp: number;
  readonly profiles?: string | undefined;
}

/**
 * Lets DAs, as they are shipped, settle what stands in the log, and measures the gifts after the first `warmUp`. They are held until all
 * of them are ready, by a lock on the rows of their positions.
 */
export async function settleByKafka(options: KafkaSettleOptions): Promise<Settled> {
  const { servers, consumers, profiles } = options;
  const folder = scratchFolder('da');
  const gate = await createConnection(servers.mariadb.url);
  const look = await createConnection(servers.mariadb.url);
  let das: MeshProcesses | undefined;
  try {
    const before = await appliedIn(look);
    await gate.query('BEGIN');
    await gate.query('SELECT * FROM event_position FOR UPDATE');
    das = await MeshProcesses.start({
      services: ['payment-da'],
      instances: consumers,
      basePort: 0,
      servers: servers.urls,
      folder,
      settings: { 'payment-da': NO_AUDIT },
      nodeArgs: profiles === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profiles}`],
      log: () => undefined,
    });
    if (das === undefined) throw new Error('nobody ends the start of the DAs');
    await new Promise((resolve) => setTimeout(resolve, JOIN_MS));
    await gate.query('ROLLBACK');
    const pids = das.processes.map(({ pid }) => ['payment-da', pid ?? 0] as const);
    return await measure(options, look, before, [...pids, ...Object.entries(servers.pids)]);
  } finally {
    await Promise.all([gate.end(), look.end()]);
    await das?.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measure(
  { gifts, warmUp }: KafkaSettleOptions,
  sql: Connection,
  before: number,
  processes: readonly (readonly [string, number])[],
): Promise<Settled> {
  const until = async (count: number): Promise<{ applied: number; atMs: number }> => {
    const limitMs = performance.now() + STALL_LIMIT_MS;
    for (;;) {
      const applied = (await appliedIn(sql)) - before;
      const atMs = performance.now();
      if (applied >= count) return { applied, atMs };
      if (atMs > limitMs) throw new Error(`${applied} of ${gifts} gifts are settled after ${STALL_LIMIT_MS} ms`);
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    }
  };
  const from = await until(warmUp);
  const usage = await usageOf(processes);
  const to = await until(gifts);
  const { partsUs = {} } = await usageOf(processes);
  const measured = to.applied - from.applied;
  const part = ([name, cpuUs]: [string, number]): [string, number] => [
    name,
    (cpuUs - (usage.partsUs?.[name] ?? 0)) / measured,
  ];
  return {
    giftsPerSecond: (measured * 1_000) / (to.atMs - from.atMs),
    partsCpuUs: Object.fromEntries(Object.entries(partsUs).map(part)),
  };
}

async function appliedIn(sql: Connection): Promise<number> {
  const [rows] = await sql.query<(RowDataPacket & { applied: string | null })[]>(
    'SELECT CAST(SUM(next_offset) AS CHAR) AS applied FROM event_position',
  );
  return Number(rows[0]?.applied ?? 0);
}
