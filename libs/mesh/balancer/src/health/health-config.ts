import type { experimental } from '@grpc/grpc-js';
import { knownOptions, shown } from '../checks';
import { childConfig } from '../child-config';

/** The policy's name in service config. */
export const HEALTH_CHECKED = 'giftmesh.health_checked';

/** The most characters of a service's name. */
export const SERVICE_NAME_MAX = 1_000;

/** A service's name to watch. Throws TypeError for anything else. */
export function watchedService(name: unknown): string {
  if (name === undefined) return '';
  if (typeof name !== 'string' || name.length > SERVICE_NAME_MAX) {
    throw new TypeError(`serviceName must be a text of at most ${SERVICE_NAME_MAX} characters, got ${shown(name)}`);
  }
  return name;
}

/** The config as grpc-js keeps it. */
export class HealthCheckedConfig {
  readonly serviceName: string;
  readonly child: experimental.TypedLoadBalancingConfig;

  constructor(serviceName: string, child: experimental.TypedLoadBalancingConfig) {
    this.serviceName = serviceName;
    this.child = child;
  }

  static createFromJson(json: unknown): HealthCheckedConfig {
    const options = knownOptions(HEALTH_CHECKED, json, ['serviceName', 'childPolicy']);
    return new HealthCheckedConfig(watchedService(options['serviceName']), childConfig(options['childPolicy']));
  }

  getLoadBalancerName(): string {
    return HEALTH_CHECKED;
  }

  toJsonObject(): object {
    return { [HEALTH_CHECKED]: { serviceName: this.serviceName, childPolicy: [this.child.toJsonObject()] } };
  }
}
