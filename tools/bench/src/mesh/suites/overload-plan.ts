import type { ClientSpec } from '../clients/client-spec';
import type { ServerSpec } from '../servers/server-spec';
import type { WorkSpec } from '../servers/work';
import { CONTROLLER_NAMES, OUR_CONTROLLER } from '../variants/controllers';
import type { CapacityPlan } from './capacity';

/** A service of known capacity. */
export interface OverloadWork {
  readonly name: string;
  /** For pictures. */
  readonly title: string;
  readonly work: WorkSpec;
}

/** A server and the clients that load it. */
export interface OverloadVariant {
  /** Part of the names of its figures. */
  readonly name: string;
  readonly server: Pick<ServerSpec, 'stack' | 'controller'>;
  readonly client: Pick<ClientSpec, 'kind' | 'policies'>;
  /** Whether its figures have aims. */
  readonly isOurs: boolean;
}

/** What the overload suite does, as data. */
export interface OverloadPlan {
  readonly works: readonly OverloadWork[];
  readonly variants: readonly OverloadVariant[];
  /** Offered loads as multiples of the capacity, ascending: each variant sees one after the other, on one server. */
  readonly loads: readonly number[];
  /** Before each load is measured, so that a controller has found its level. */
  readonly settleSeconds: number;
  readonly measureSeconds: number;
  readonly spike: {
    /** Spikes, one after another; the median of their recoveries counts. */
    readonly count: number;
    readonly beforeSeconds: number;
    readonly seconds: number;
    readonly afterSeconds: number;
    readonly load: number;
    /** Before and after. */
    readonly calmLoad: number;
  };
  readonly capacity: CapacityPlan;
}

const WORKS: readonly OverloadWork[] = [
  { name: 'cpu', title: 'CPU-bound (4 ms of CPU a call)', work: { kind: 'cpu', workMs: 4 } },
  { name: 'wait', title: 'wait-bound (16 slots, 40 ms a call)', work: { kind: 'slots', slots: 16, waitMs: 40 } },
];

const BARE: OverloadVariant = {
  name: 'bare.plain_clients',
  server: { stack: 'bare' },
  client: { kind: 'plain' },
  isOurs: false,
};
const CONTROLLED: readonly OverloadVariant[] = CONTROLLER_NAMES.map((controller) => ({
  name: `${controller}.plain_clients`,
  server: { stack: 'mesh', controller },
  client: { kind: 'plain' },
  isOurs: controller === OUR_CONTROLLER,
}));
const OURS: OverloadVariant = {
  name: `${OUR_CONTROLLER}.our_clients`,
  server: { stack: 'mesh', controller: OUR_CONTROLLER },
  client: { kind: 'mesh', policies: 'shedding' },
  isOurs: true,
};

/** About ten minutes. */
export const FULL_OVERLOAD: OverloadPlan = {
  works: WORKS,
  variants: [BARE, ...CONTROLLED, OURS],
  loads: [0.5, 0.9, 1, 2, 5, 10],
  settleSeconds: 1.5,
  measureSeconds: 3,
  spike: { count: 3, beforeSeconds: 1, seconds: 2, afterSeconds: 3, load: 5, calmLoad: 0.5 },
  capacity: { warmUpSeconds: 1, seconds: 4 },
};

/** About a minute and a half: fewer loads, and only what shows whether overload control works at all. */
export const QUICK_OVERLOAD: OverloadPlan = {
  ...FULL_OVERLOAD,
  variants: [BARE, ...CONTROLLED.filter(({ isOurs }) => isOurs), OURS],
  loads: [0.9, 2, 10],
  settleSeconds: 0.75,
  measureSeconds: 1.5,
  spike: { count: 1, beforeSeconds: 1, seconds: 1, afterSeconds: 2, load: 5, calmLoad: 0.5 },
  capacity: { warmUpSeconds: 0.5, seconds: 1.5 },
};

/** Seconds that a plan takes, without the starts of its processes. */
export function overloadSeconds(plan: OverloadPlan): number {
  const { works, variants, capacity } = plan;
  return works.length * (2 * (capacity.warmUpSeconds + capacity.seconds) + variants.length * variantSeconds(plan));
}

/** Of those, for one variant. */
export function variantSeconds({ loads, settleSeconds, measureSeconds, spike }: OverloadPlan): number {
  return (
    loads.length * (settleSeconds + measureSeconds) +
    spike.count * (spike.beforeSeconds + spike.seconds + spike.afterSeconds)
  );
}
