import { seededRandom } from '@giftmesh/kernel-random';
import type { OnDecision, ServerPolicy } from '@giftmesh/mesh-context';
import { noRetryUpward } from '@giftmesh/mesh-retry';
import { admission, priorities, type AdmissionSettings } from '@giftmesh/mesh-overload';

/** What decides which calls a server lets in. `none` lets in all; `priorities` too, and gives them priorities to pass on. */
export type ControllerName = 'none' | 'priorities' | 'dagor' | 'codel' | 'gradient2' | 'random';

/** What a controller is made with. */
export interface ControllerContext {
  readonly seed: number;
  readonly onDecision: OnDecision;
}

/** How each controller is set. Change a line here to compare another setting. */
const SETTINGS: Readonly<Record<Exclude<ControllerName, 'none' | 'priorities'>, AdmissionSettings>> = {
  dagor: { admission: { kind: 'dagor' }, concurrency: { kind: 'adaptive' } },
  codel: { admission: { kind: 'codel' }, concurrency: { kind: 'adaptive' } },
  gradient2: { admission: { kind: 'none' }, concurrency: { kind: 'gradient2' }, queueMax: 64 },
  random: { admission: { kind: 'random' }, concurrency: { kind: 'adaptive' } },
};

/** The controllers that suites compare, `none` first. */
export const CONTROLLER_NAMES: readonly ControllerName[] = ['none', 'dagor', 'codel', 'gradient2', 'random'];
/** The one whose figures have aims. */
export const OUR_CONTROLLER: ControllerName = 'dagor';

/** Makes a controller's policies, outermost first. */
export function controllerPolicies(name: ControllerName, { seed, onDecision }: ControllerContext): ServerPolicy[] {
  if (name === 'none') return [];
  const random = seededRandom(seed);
  // The generator stands for services of the mesh: what they say of priorities and of what they shed is believed.
  const given = priorities({ trust: true, random, onDecision });
  if (name === 'priorities') return [given, noRetryUpward()];
  return [given, admission({ ...SETTINGS[name], priorities: given, trustReports: true, random, onDecision })];
}
