import type { Random } from '@giftmesh/kernel-random';
import {
  LINKS,
  SERVICES,
  type Instance,
  type LinkTrouble,
  type Promotion,
  type RedisLoss,
} from '@giftmesh/test-servers';
import { POISON_KINDS, type Fault, type ProcessName } from './fault';

/** Which Redis the mesh works on: some faults exist on one of them only. */
export type RedisKind = 'single' | 'cluster';

/** Longest that a process is away or stands still, milliseconds: some calls end by their deadline, and leases run out. */
export const AWAY_MS_MAX = 3_000;
export const STANDSTILL_MS_MAX = 4_000;
/** Longest trouble of a link, milliseconds; one in six lasts so long that sessions end (6 s) and requests are given up. */
export const TROUBLE_MS_MAX = 9_000;
const SHORT_TROUBLE_MS_MAX = 2_500;
const LONG_TROUBLE_MS_MIN = 6_500;
const SLOW_MS_MAX = 250;
/** How long a DA stands still whose group gives it up, milliseconds: its session is 6 s. */
const LAPSE_MS = [6_500, 9_000] as const;
/** Bytes that a power cut takes of the append-only file: from a part of one entry to many of them. */
const TAIL_BYTES_MAX = 60_000;
/** How far behind a replica may be, milliseconds. */
const BEHIND_MS_MAX = 600;
const READ_ONLY_MS_MAX = 1_500;
/** Clocks that are still within the acceptance window, milliseconds, and such that are not. */
const NEAR_AHEAD_MS = [1_000, 1_800_000] as const;
const NEAR_BEHIND_MS = [-240_000, -1_000] as const;
const FAR_AHEAD_MS = [3_700_000, 10_800_000] as const;
const FAR_BEHIND_MS = [-10_800_000, -360_000] as const;
const POISON_MAX = 4;
const PARTITIONS = 4;
/** Nodes of a cluster, of which the n-th that is a master, or a replica, is taken. */
const NODES = 6;

/** How often each is drawn, in parts of all. */
const WEIGHTS: readonly (readonly [parts: number, draw: (random: Random, redis: RedisKind) => Fault])[] = [
  [12, (random) => ({ kind: 'kill_service', ...drawProcess(random), awayMs: random.integer(0, AWAY_MS_MAX) })],
  [4, (random) => ({ kind: 'drain_service', ...drawProcess(random) })],
  [6, (random) => ({ kind: 'stop_service', ...drawProcess(random), forMs: random.integer(50, STANDSTILL_MS_MAX) })],
  [6, drawStopServer],
  [6, (random) => ({ kind: 'kill_server', server: random.pick(['mariadb', 'kafka']) })],
  [18, drawRedisFault],
  [24, drawBrokenLink],
  [8, drawRebalance],
  [10, drawClockJump],
  [6, drawPoison],
];
const PARTS = WEIGHTS.reduce((sum, [parts]) => sum + parts, 0);

/** Draws what goes wrong next. */
export function drawFault(random: Random, redis: RedisKind): Fault {
  let part = random.integer(0, PARTS - 1);
  for (const [parts, draw] of WEIGHTS) {
    if (part < parts) return draw(random, redis);
    part -= parts;
  }
  throw new Error('unreachable: parts are below their sum');
}

const drawInstance = (random: Random): Instance => (random.chance(0.5) ? 0 : 1);
const drawProcess = (random: Random): ProcessName => ({
  service: random.pick(SERVICES),
  instance: drawInstance(random),
});

function drawStopServer(random: Random, redis: RedisKind): Fault {
  const servers = ['mariadb', 'kafka', ...(redis === 'single' ? (['redis'] as const) : [])] as const;
  return { kind: 'stop_server', server: random.pick(servers), forMs: random.integer(50, STANDSTILL_MS_MAX) };
}

function drawRedisFault(random: Random, redis: RedisKind): Fault {
  if (redis === 'cluster') {
    const nth = random.integer(0, NODES - 1);
    if (random.chance(0.6)) return { kind: 'kill_master', nth, awayMs: random.integer(0, AWAY_MS_MAX) };
    return { kind: 'fail_over', nth };
  }
  if (random.chance(0.65)) return { kind: 'lose_redis', loss: drawLoss(random) };
  const promotion: Promotion = random.chance(0.6)
    ? { master: 'killed', behindMs: random.integer(0, BEHIND_MS_MAX) }
    : { master: 'demoted', readOnlyMs: random.integer(0, READ_ONLY_MS_MAX) };
  return { kind: 'promote_replica', promotion };
}

function drawLoss(random: Random): RedisLoss {
  const kind = random.next();
  if (kind < 0.25) return { kind: 'nothing' };
  if (kind < 0.55) return { kind: 'tail', bytes: random.integer(1, TAIL_BYTES_MAX) };
  return { kind: kind < 0.8 ? 'since_copy' : 'everything' };
}

function drawBrokenLink(random: Random, redis: RedisKind): Fault {
  const link = random.pick(LINKS.filter(({ to }) => redis === 'single' || to !== 'redis'));
  const isToService = link.to === 'da' || link.to === 'station';
  return {
    kind: 'break_link',
    link,
    instance: drawInstance(random),
    ...(isToService && random.chance(0.5) ? { toInstance: drawInstance(random) } : {}),
    trouble: drawTrouble(random),
    forMs: random.chance(1 / 6)
      ? random.integer(LONG_TROUBLE_MS_MIN, TROUBLE_MS_MAX)
      : random.integer(50, SHORT_TROUBLE_MS_MAX),
  };
}

function drawTrouble(random: Random): LinkTrouble {
  const kind = random.next();
  if (kind < 0.3) return { kind: 'cut' };
  if (kind < 0.75) return { kind: 'stalled', direction: random.pick(['there', 'back', 'both']) };
  return { kind: 'slow', delayMs: random.integer(1, SLOW_MS_MAX) };
}

function drawRebalance(random: Random): Fault {
  if (random.chance(0.4))
    return { kind: 'lapse_da', instance: drawInstance(random), forMs: random.integer(...LAPSE_MS) };
  const forMs = random.integer(0, STANDSTILL_MS_MAX);
  return { kind: 'third_da', end: random.chance(0.5) ? 'drained' : 'killed', forMs };
}

function drawClockJump(random: Random): Fault {
  const isAhead = random.chance(0.5);
  const [near, far] = isAhead ? [NEAR_AHEAD_MS, FAR_AHEAD_MS] : [NEAR_BEHIND_MS, FAR_BEHIND_MS];
  const [fromMs, toMs] = random.chance(0.6) ? near : far;
  const aheadMs = random.integer(fromMs, toMs);
  return { kind: 'jump_clock', ...drawProcess(random), aheadMs, forMs: random.integer(200, STANDSTILL_MS_MAX) };
}

function drawPoison(random: Random): Fault {
  const messages = Array.from({ length: random.integer(1, POISON_MAX) }, () => ({
    what: random.pick(POISON_KINDS),
    partition: random.integer(0, PARTITIONS - 1),
  }));
  return { kind: 'poison', messages };
}
