import type { experimental } from '@grpc/grpc-js';
import { knownOptions } from '../checks';
import { childConfig } from '../child-config';

/** The policy's name in service config. */
export const GATED = 'giftmesh.gated';

/** The config as grpc-js keeps it. */
export class GatedConfig {
  readonly child: experimental.TypedLoadBalancingConfig;

  constructor(child: experimental.TypedLoadBalancingConfig) {
    this.child = child;
  }

  static createFromJson(json: unknown): GatedConfig {
    return new GatedConfig(childConfig(knownOptions(GATED, json, ['childPolicy'])['childPolicy']));
  }

  getLoadBalancerName(): string {
    return GATED;
  }

  toJsonObject(): object {
    return { [GATED]: { childPolicy: [this.child.toJsonObject()] } };
  }
}
