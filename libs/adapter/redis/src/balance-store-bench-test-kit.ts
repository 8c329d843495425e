import type { DebitRequest } from '@giftmesh/domain-money';
import { keptText } from './stored-decision';
import type { RedisConnection } from './index';

export interface BenchFigure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** At least so much. */
  readonly aim?: number;
}

export interface Measured {
  readonly name: string;
  readonly count: number;
  /** What is counted, in the singular. */
  readonly what: string;
  /** At least so many a second. */
  readonly aim?: number | undefined;
}

/** The name of the figure that a busy machine changes least. */
export const forServerSecond = (name: string): string => `${name}: for a second of server's CPU`;

/** The rate of `count` things, and what each takes of the caller's and the servers' CPU. */
export async function measure(
  connection: RedisConnection,
  { name, count, what, aim }: Measured,
  work: () => Promise<unknown>,
): Promise<BenchFigure[]> {
  const before = await serverCpuMs(connection);
  const cpu = process.cpuUsage();
  const begunAt = performance.now();
  await work();
  const tookMs = performance.now() - begunAt;
  const { user, system } = process.cpuUsage(cpu);
  const serverMs = (await serverCpuMs(connection)) - before;
  const value = (count / tookMs) * 1_000;
  return [
    { name, value, unit: `${what}s/s`, ...(aim === undefined ? {} : { aim }) },
    { name: `${name}: caller's CPU`, value: (user + system) / count, unit: `µs/${what}` },
    { name: `${name}: server's CPU`, value: (serverMs * 1_000) / count, unit: `µs/${what}` },
    { name: forServerSecond(name), value: (count / serverMs) * 1_000, unit: `${what}s` },
  ];
}

/**
 * The least that could be called a debit: a marker, a balance that covers it, its new value, and one outbox entry for the whole call. It has
 * no generations, no counters, no answer to a retry, no way to settle one of its debits alone, and nothing tells that the server has lost something.
 */
const BARE_DEBITS = `
local call, kept = redis.call, {}
for i = 2, #KEYS do
  local at = 3 * i - 5
  local balance = tonumber(call('HGET', KEYS[i], 'balance')) or 1e12
  if call('HSETNX', KEYS[i], ARGV[at], 1) == 1 and balance >= tonumber(ARGV[at + 1]) then
    call('HSET', KEYS[i], 'balance', string.format('%d', balance - ARGV[at + 1]))
    kept[#kept + 1] = ARGV[at + 2]
  end
end
call('RPUSH', KEYS[1], table.concat(kept, '\\n'))
return #kept
`;

/** What the server and the way to it cost without a store, for the calls of one batch size: PING, an empty script, and {@link BARE_DEBITS}. */
export async function baselines(
  connection: RedisConnection,
  calls: readonly DebitRequest[][],
  inFlight: number,
): Promise<BenchFigure[]> {
  const [node] = connection.nodes();
  // The nodes of a cluster would refuse each other's keys.
  if (node === undefined || connection.nodes().length > 1) return [];
  const count = calls.reduce((sum, { length }) => sum + length, 0);
  const size = calls[0]?.length ?? 0;
  const shape = `${size} debit${size === 1 ? '' : 's'}, ${inFlight} in flight`;
  const figures: BenchFigure[] = [];
  const all = async (name: string, what: string, ask: (call: readonly DebitRequest[]) => Promise<unknown>) => {
    let next = 0;
    const worker = async (): Promise<void> => {
      for (let call = calls[next++]; call !== undefined; call = calls[next++]) await ask(call);
    };
    const work = (): Promise<unknown> => Promise.all(Array.from({ length: inFlight }, worker));
    figures.push(...(await measure(connection, { name: `baseline: ${name}`, count, what }, work)));
  };
  if (size === 1) await all(`PING, ${inFlight} in flight`, 'call', () => node.ping());
  const empty = String(await node.script('LOAD', 'return 1'));
  await all(`an empty script with ${shape}`, 'debit', (call) => node.evalsha(empty, 0, ...argumentsOf(call)));
  const bare = String(await node.script('LOAD', BARE_DEBITS));
  await all(`a bare script with ${shape}`, 'debit', (call) => {
    const keys = ['bench:bare:outbox', ...call.map(({ event }) => `bench:bare:${event.opUserId}`)];
    return node.evalsha(bare, keys.length, ...keys, ...argumentsOf(call));
  });
  return figures;
}

function argumentsOf(call: readonly DebitRequest[]): string[] {
  return call.flatMap((request) => {
    const { eventId, opUserChange } = request.event;
    return [eventId, String(-opUserChange.incr), keptText(request)];
  });
}

async function serverCpuMs(connection: RedisConnection): Promise<number> {
  let ms = 0;
  for (const node of connection.nodes()) {
    const info = await node.info('cpu');
    for (const [, seconds] of info.matchAll(/^used_cpu_(?:sys|user):([\d.]+)/gm)) ms += Number(seconds) * 1_000;
  }
  return ms;
}
