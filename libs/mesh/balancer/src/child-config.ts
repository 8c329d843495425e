import { experimental, type LoadBalancingConfig } from '@grpc/grpc-js';
import { shown } from './checks';

/**
 * The first policy of a list that is registered here, as gRPC reads lists of policies. Throws TypeError when there is none.
 * @param list of `{name: config}`.
 */
export function childConfig(list: unknown): experimental.TypedLoadBalancingConfig {
  if (!Array.isArray(list)) throw new TypeError(`childPolicy must be a list, got ${shown(list)}`);
  const child = experimental.selectLbConfigFromList(list as LoadBalancingConfig[]);
  if (child === null) throw new TypeError(`childPolicy has no policy that is known here, got ${shown(list)}`);
  return child;
}
