import type { experimental } from '@grpc/grpc-js';
import type { FilledExtras } from '../balancer-extras';
import { EndpointBalancer, type EndpointPolicy } from '../endpoints/endpoint-balancer';
import { Gatekeeper } from '../gate/gatekeeper';
import { BackendLoad } from './backend-load-decider';
import { P2C_EWMA, P2cConfig } from './p2c-config';
import { P2cPicker } from './p2c-picker';

/** The grpc-js policy `giftmesh.p2c_ewma`: power of two choices over peak-EWMA latency, calls in flight and failures. */
export class P2cBalancer extends EndpointBalancer<P2cConfig, BackendLoad> {
  constructor(helper: experimental.ChannelControlHelper) {
    super(helper, P2C_EWMA);
  }

  protected own(config: experimental.TypedLoadBalancingConfig): P2cConfig | undefined {
    return config instanceof P2cConfig ? config : undefined;
  }

  protected policy({ options }: P2cConfig, extras: FilledExtras): EndpointPolicy<BackendLoad> {
    const { gate, onDecision } = extras;
    const gatekeeper = gate === undefined ? undefined : new Gatekeeper(gate, P2C_EWMA, onDecision);
    return {
      newLoad: () => new BackendLoad(options),
      report: (load, nowMs) => {
        const { ewmaMs, ...state } = load.state(nowMs);
        return ewmaMs === undefined ? state : { ewmaMs, ...state };
      },
      picker: (ready) => new P2cPicker(ready, extras, gatekeeper),
    };
  }
}
