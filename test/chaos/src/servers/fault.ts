import {
  LINKS,
  SERVICES,
  type Instance,
  type LinkTrouble,
  type ProcessLink,
  type Promotion,
  type RedisLoss,
  type ServiceName,
} from '@giftmesh/test-servers';
import { DEFAULT_ACCEPTANCE_WINDOW } from '@giftmesh/domain-money';

/** A server of the mesh. */
export type ServerName = 'redis' | 'mariadb' | 'kafka';

/** A process of a service. */
export interface ProcessName {
  readonly service: ServiceName;
  readonly instance: Instance;
}

/** What is wrong with a message that nobody of the mesh has written. */
export const POISON_KINDS = ['bytes', 'event_type', 'long_id', 'amount', 'taken_id'] as const;
export type PoisonKind = (typeof POISON_KINDS)[number];

/** A message that can't be applied, and where it is put. */
export interface PoisonPlan {
  readonly what: PoisonKind;
  readonly partition: number;
}

/** Something that goes wrong, and is put right again. Times are milliseconds. */
export type Fault =
  /** A process of a service is killed (SIGKILL), and started again a while later. */
  | (ProcessName & { readonly kind: 'kill_service'; readonly awayMs: number })
  /** A process of a service drains (SIGTERM), and is started again. */
  | (ProcessName & { readonly kind: 'drain_service' })
  /** A process of a service stands still for a while: its connections stand, nothing answers. */
  | (ProcessName & { readonly kind: 'stop_service'; readonly forMs: number })
  /** The wall clock of a process jumps, and back again a while later. */
  | (ProcessName & { readonly kind: 'jump_clock'; readonly aheadMs: number; readonly forMs: number })
  /** A server stands still for a while. */
  | { readonly kind: 'stop_server'; readonly server: ServerName; readonly forMs: number }
  /** A server is killed, and comes back with all that it had written. */
  | { readonly kind: 'kill_server'; readonly server: Exclude<ServerName, 'redis'> }
  /** Redis is killed, and comes back without a part of what it held. */
  | { readonly kind: 'lose_redis'; readonly loss: RedisLoss }
  /** A replica takes the place of Redis. */
  | { readonly kind: 'promote_replica'; readonly promotion: Promotion }
  /** A master of the cluster is killed, its replica takes over, and it comes back. */
  | { readonly kind: 'kill_master'; readonly nth: number; readonly awayMs: number }
  /** A replica of the cluster changes places with its master. */
  | { readonly kind: 'fail_over'; readonly nth: number }
  /** A link of one process is cut, stalled or slow for a while. */
  | (ProcessLink & { readonly kind: 'break_link'; readonly trouble: LinkTrouble; readonly forMs: number })
  /** One more DA joins the group of those that settle, and leaves it. */
  | { readonly kind: 'third_da'; readonly end: 'drained' | 'killed'; readonly forMs: number }
  /** A DA stands still for longer than its group waits for it: others go on with its partitions while it thinks that it has them. */
  | { readonly kind: 'lapse_da'; readonly instance: Instance; readonly forMs: number }
  /** Messages that can't be applied are put into the log. */
  | { readonly kind: 'poison'; readonly messages: readonly PoisonPlan[] };

/** True when ids of now are outside of the acceptance window by a clock that is so much ahead, milliseconds: it refuses them. */
export function isBeyondWindow(aheadMs: number): boolean {
  const { pastMs, futureMs } = DEFAULT_ACCEPTANCE_WINDOW;
  return aheadMs >= pastMs || aheadMs <= -futureMs;
}

/** The kinds of a fault, for counting: every kind must have been met in a campaign. Poison has one for each message. */
export function kindsOf(fault: Fault): readonly string[] {
  return fault.kind === 'poison' ? fault.messages.map(({ what }) => `poison: ${what}`) : [kindOf(fault)];
}

function kindOf(fault: Exclude<Fault, { kind: 'poison' }>): string {
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
    case 'jump_clock':
      return clockKindOf(fault.service, fault.aheadMs > 0, isBeyondWindow(fault.aheadMs));
    case 'promote_replica':
      return `redis replica promoted, master ${fault.promotion.master}`;
    case 'kill_master':
      return 'redis cluster: master killed';
    case 'fail_over':
      return 'redis cluster: failover';
    case 'break_link':
      return `link ${fault.link.from} - ${fault.link.to} ${fault.trouble.kind}`;
    case 'third_da':
      return `rebalance: third da ${fault.end}`;
    case 'lapse_da':
      return 'rebalance: da stopped beyond its session';
  }
}

const clockKindOf = (service: ServiceName, ahead: boolean, isFar: boolean): string =>
  `${service} clock ${ahead ? 'ahead' : 'behind'}${isFar ? ', beyond the acceptance window' : ''}`;

/** All kinds that can be drawn. */
export const FAULT_KINDS: readonly string[] = [
  ...SERVICES.flatMap((service) => [`${service} killed`, `${service} drained`, `${service} stopped and continued`]),
  ...['redis', 'mariadb', 'kafka'].map((server) => `${server} stopped and continued`),
  ...['mariadb', 'kafka'].map((server) => `${server} killed`),
  ...['nothing', 'tail', 'since_copy', 'everything'].map((loss) => `redis killed, lost ${loss}`),
  ...['killed', 'demoted'].map((master) => `redis replica promoted, master ${master}`),
  ...['master killed', 'failover'].map((what) => `redis cluster: ${what}`),
  ...LINKS.flatMap(({ from, to }) => ['cut', 'stalled', 'slow'].map((trouble) => `link ${from} - ${to} ${trouble}`)),
  ...['third da drained', 'third da killed', 'da stopped beyond its session'].map((what) => `rebalance: ${what}`),
  ...SERVICES.flatMap((service) =>
    [true, false].flatMap((ahead) => [false, true].map((isFar) => clockKindOf(service, ahead, isFar))),
  ),
  ...POISON_KINDS.map((what) => `poison: ${what}`),
];

/** What a store that was lost may leave behind: see `Books.holesAllowed`. */
export function losesDebits(fault: Fault): boolean {
  switch (fault.kind) {
    case 'lose_redis':
      return fault.loss.kind !== 'nothing';
    case 'promote_replica':
      return fault.promotion.master === 'killed';
    default:
      return fault.kind === 'kill_master';
  }
}

/** True when processes may say for a while that good ids are too old, or from the future. */
export function movesWindow(fault: Fault): boolean {
  return fault.kind === 'jump_clock' && isBeyondWindow(fault.aheadMs);
}
