import type { Random } from '@giftmesh/kernel-random';
import type { Instance, RedisLoss, ServiceName } from '@giftmesh/test-servers';

/** A server of the mesh. */
export type ServerName = 'redis' | 'mariadb' | 'kafka';

/** Something that goes wrong, and is put right again. */
export type Fault =
  /** A process of a service is killed (SIGKILL), and started again a while later. */
  | {
      readonly kind: 'kill_service';
      readonly service: ServiceName;
      readonly instance: Instance;
      readonly awayMs: number;
    }
  /** A process of a service drains (SIGTERM), and is started again. */
  | { readonly kind: 'drain_service'; readonly service: ServiceName; readonly instance: Instance }
  /** A process of a service stands still for a while: its connections stand, nothing answers. */
  | {
      readonly kind: 'stop_service';
      readonly service: ServiceName;
      readonly instance: Instance;
      readonly forMs: number;
    }
  /** A server stands still for a while. */
  | { readonly kind: 'stop_server'; readonly server: ServerName; readonly forMs: number }
  /** Redis is killed, and comes back without a part of what it held. */
  | { readonly kind: 'lose_redis'; readonly loss: RedisLoss }
  /** Another server is killed, and comes back with all that it had written. */
  | { readonly kind: 'kill_server'; readonly server: Exclude<ServerName, 'redis'> };

const SERVICES = ['da', 'station', 'interaction'] as const;
const SERVERS = ['redis', 'mariadb', 'kafka'] as const;
/** Longest that a process is away or stands still, milliseconds: some calls end by their deadline, and leases run out. */
const AWAY_MS_MAX = 3_000;
const STANDSTILL_MS_MAX = 4_000;
/** Bytes that a power cut takes of the append-only file: from a part of one entry to many of them. */
const TAIL_BYTES_MAX = 60_000;

/** Draws what goes wrong next. */
export function drawFault(random: Random): Fault {
  const service = random.pick(SERVICES);
  const instance: Instance = random.chance(0.5) ? 0 : 1;
  const kind = random.next();
  if (kind < 0.3) return { kind: 'kill_service', service, instance, awayMs: random.integer(0, AWAY_MS_MAX) };
  if (kind < 0.38) return { kind: 'drain_service', service, instance };
  if (kind < 0.5) return { kind: 'stop_service', service, instance, forMs: random.integer(50, STANDSTILL_MS_MAX) };
  if (kind < 0.65)
    return { kind: 'stop_server', server: random.pick(SERVERS), forMs: random.integer(50, STANDSTILL_MS_MAX) };
  if (kind < 0.85) return { kind: 'lose_redis', loss: drawLoss(random) };
  return { kind: 'kill_server', server: random.chance(0.5) ? 'mariadb' : 'kafka' };
}

function drawLoss(random: Random): RedisLoss {
  const kind = random.next();
  if (kind < 0.35) return { kind: 'nothing' };
  if (kind < 0.7) return { kind: 'tail', bytes: random.integer(1, TAIL_BYTES_MAX) };
  return { kind: 'everything' };
}

/** The kind of a fault, for counting: every kind must have been met in a campaign. */
export function kindOf(fault: Fault): string {
  switch (fault.kind) {
    case 'lose_redis':
      return `redis killed, lost ${fault.loss.kind}`;
    case 'kill_server':
      return `${fault.server} killed`;
    case 'stop_server':
      return `${fault.server} stopped and continued`;
    case 'kill_service':
      return `${fault.service} killed`;
    case 'drain_service':
      return `${fault.service} drained`;
    case 'stop_service':
      return `${fault.service} stopped and continued`;
  }
}

/** All kinds that can be drawn. */
export const FAULT_KINDS: readonly string[] = [
  ...['nothing', 'tail', 'everything'].map((loss) => `redis killed, lost ${loss}`),
  ...['mariadb', 'kafka'].map((server) => `${server} killed`),
  ...SERVERS.map((server) => `${server} stopped and continued`),
  ...SERVICES.flatMap((service) => [`${service} killed`, `${service} drained`, `${service} stopped and continued`]),
];

/** What a store that was lost may leave behind: see `Books.holesAllowed`. */
export function losesDebits(fault: Fault): boolean {
  return fault.kind === 'lose_redis' && fault.loss.kind !== 'nothing';
}
