import type { ClientSpec } from '../clients/client-spec';
import type { WorkSpec } from '../servers/work';
import { OUR_CONTROLLER, type ControllerName } from '../variants/controllers';
import type { CapacityPlan } from './capacity';

/** A controller on the overloaded service, and how its caller calls it. */
export interface SubsequentVariant {
  readonly name: string;
  readonly controller: ControllerName;
  /** Of the entry service towards the overloaded one. */
  readonly client: Pick<ClientSpec, 'kind' | 'policies'>;
  readonly isOurs: boolean;
}

/** What the suite does, as data. */
export interface SubsequentPlan {
  readonly work: WorkSpec;
  readonly variants: readonly SubsequentVariant[];
  /** How often a task calls the overloaded service: M^1, M^2 and so on. */
  readonly callsPerTask: readonly number[];
  /** Calls that tasks would make, as a multiple of the capacity. */
  readonly feed: number;
  /** How often the entry service sends a call at most: once, and again after each of the failures but the last. */
  readonly sendsMax: number;
  readonly settleSeconds: number;
  readonly measureSeconds: number;
  readonly capacity: CapacityPlan;
}

const ours: SubsequentVariant = {
  name: OUR_CONTROLLER,
  controller: OUR_CONTROLLER,
  client: { kind: 'mesh', policies: 'shedding' },
  isOurs: true,
};
const VARIANTS: readonly SubsequentVariant[] = [
  ours,
  ...(['codel', 'random', 'none'] as const).map((controller) => ({
    name: controller,
    controller,
    // Priorities travel with all of them; no server but ours sends a level to shed by.
    client: { kind: 'mesh', policies: 'shedding' } as const,
    isOurs: false,
  })),
];

/** About three minutes. */
export const FULL_SUBSEQUENT: SubsequentPlan = {
  work: { kind: 'cpu', workMs: 4 },
  variants: VARIANTS,
  callsPerTask: [1, 2, 3, 4],
  feed: 2,
  sendsMax: 4,
  settleSeconds: 3,
  measureSeconds: 6,
  capacity: { warmUpSeconds: 1, seconds: 4 },
};

/** About a minute. */
export const QUICK_SUBSEQUENT: SubsequentPlan = {
  ...FULL_SUBSEQUENT,
  callsPerTask: [1, 2, 4],
  settleSeconds: 1.5,
  measureSeconds: 2,
  capacity: { warmUpSeconds: 0.5, seconds: 1.5 },
};
