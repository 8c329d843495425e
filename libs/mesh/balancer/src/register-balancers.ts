import { experimental } from '@grpc/grpc-js';
import { GatedBalancer } from './gate/gated-balancer';
import { GATED, GatedConfig } from './gate/gated-config';
import { HealthCheckedBalancer } from './health/health-balancer';
import { HEALTH_CHECKED, HealthCheckedConfig } from './health/health-config';
import { P2cBalancer } from './p2c/p2c-balancer';
import { P2C_EWMA, P2cConfig } from './p2c/p2c-config';
import { KetamaBalancer } from './ring/ketama-balancer';
import { KETAMA, KetamaConfig } from './ring/ketama-config';

/**
 * Makes grpc-js know this library's policies. grpc-js keeps them for the whole process, so it is done on purpose and not by the import;
 * doing it again does nothing. Without it, grpc-js silently uses pick_first for a policy that it doesn't know.
 */
export function registerBalancers(): void {
  const register = (name: string, ...policy: Policy): void => {
    if (!experimental.isLoadBalancerNameRegistered(name)) experimental.registerLoadBalancerType(name, ...policy);
  };
  register(P2C_EWMA, P2cBalancer, P2cConfig);
  register(KETAMA, KetamaBalancer, KetamaConfig);
  register(HEALTH_CHECKED, HealthCheckedBalancer, HealthCheckedConfig);
  register(GATED, GatedBalancer, GatedConfig);
}

type Registration = Parameters<typeof experimental.registerLoadBalancerType>;
type Policy = [Registration[1], Registration[2]];
