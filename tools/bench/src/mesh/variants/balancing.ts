import type { ChannelOptions } from '@grpc/grpc-js';
import { balancerOptions, registerBalancers } from '@giftmesh/mesh-balancer';

/** How a client spreads its calls over backends; the first two are grpc-js's own. */
export type Balancing = 'pick_first' | 'round_robin' | 'p2c_ewma';

/** The channel options of a client that balances so. */
export function balancingOptions(balancing: Balancing): ChannelOptions {
  registerBalancers();
  return balancerOptions({ policy: balancing });
}
