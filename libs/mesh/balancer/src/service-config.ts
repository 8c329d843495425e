import { experimental, type ChannelOptions, type ServiceConfig } from '@grpc/grpc-js';
import { BALANCER_EXTRAS_OPTION, type BalancerExtras } from './balancer-extras';
import { childOf, policyJson, policyName, type BalancerConfig } from './balancer-config';

/** What else stands in a service config: methods' settings, retry throttling. */
export type OtherConfig = Partial<Pick<ServiceConfig, 'methodConfig' | 'retryThrottling'>>;

/**
 * The text for grpc-js's channel option `grpc.service_config` that makes a channel spread its calls as `config` says. Throws TypeError or
 * RangeError with the wrong option's name and value, and Error when `registerBalancers` was not called: grpc-js itself would silently use
 * pick_first for a config that it can't read.
 */
export function serviceConfig(config: BalancerConfig, others: OtherConfig = {}): string {
  const json = policyJson(config);
  for (let policy: BalancerConfig | undefined = config; policy !== undefined; policy = childOf(policy)) {
    const name = policyName(policy);
    if (!experimental.isLoadBalancerNameRegistered(name)) {
      throw new Error(`grpc-js does not know the policy ${name}: call registerBalancers() first`);
    }
  }
  // What grpc-js would say of it, before it is too late to say.
  experimental.parseLoadBalancingConfig(json);
  return JSON.stringify({ ...others, loadBalancingConfig: [json] });
}

/**
 * The channel options of a channel that spreads its calls as `config` says; `extras` for what is no text: a gate, a window into the
 * state, a clock. Throws as `serviceConfig` does.
 */
export function balancerOptions(config: BalancerConfig, extras: BalancerExtras = {}): ChannelOptions {
  return { 'grpc.service_config': serviceConfig(config), [BALANCER_EXTRAS_OPTION]: extras };
}
