import { experimental, type ChannelOptions } from '@grpc/grpc-js';
import { extrasOf, type FilledExtras } from '../balancer-extras';
import { GATED, GatedConfig } from './gated-config';
import { Gatekeeper } from './gatekeeper';

/** How often a child that knows nothing of gates is asked for another backend, for one call. */
export const GATED_PICKS_MAX = 16;

/**
 * The grpc-js policy `giftmesh.gated`: asks the channel's BackendGate about the backends that any other policy picks. For round_robin,
 * pick_first and the like; `giftmesh.p2c_ewma` and `giftmesh.ketama` ask by themselves.
 */
export class GatedBalancer implements experimental.LoadBalancer {
  readonly #child: experimental.ChildLoadBalancerHandler;
  #extras: FilledExtras = extrasOf({});

  constructor(helper: experimental.ChannelControlHelper) {
    this.#child = new experimental.ChildLoadBalancerHandler(
      experimental.createChildChannelControlHelper(helper, {
        updateState: (state, picker, errorMessage) => helper.updateState(state, this.#gated(picker), errorMessage),
      }),
    );
  }

  updateAddressList(
    endpoints: experimental.StatusOr<experimental.Endpoint[]>,
    config: experimental.TypedLoadBalancingConfig,
    options: ChannelOptions,
    resolutionNote: string,
  ): boolean {
    if (!(config instanceof GatedConfig)) return false;
    this.#extras = extrasOf(options);
    return this.#child.updateAddressList(endpoints, config.child, options, resolutionNote);
  }

  exitIdle(): void {
    this.#child.exitIdle();
  }

  resetBackoff(): void {
    this.#child.resetBackoff();
  }

  destroy(): void {
    this.#child.destroy();
  }

  getTypeName(): string {
    return GATED;
  }

  #gated(picker: experimental.Picker): experimental.Picker {
    const { gate, onDecision } = this.#extras;
    return gate === undefined ? picker : new GatedPicker(picker, new Gatekeeper(gate, GATED, onDecision));
  }
}

class GatedPicker implements experimental.Picker {
  readonly #picker: experimental.Picker;
  readonly #gatekeeper: Gatekeeper;

  constructor(picker: experimental.Picker, gatekeeper: Gatekeeper) {
    this.#picker = picker;
    this.#gatekeeper = gatekeeper;
  }

  pick(args: experimental.PickArgs): experimental.PickResult {
    const gate = this.#gatekeeper.askFor(args.metadata);
    const refused = new Set<string>();
    for (let pick = 0; pick < GATED_PICKS_MAX; pick += 1) {
      const picked = this.#picker.pick(args);
      const backend = picked.subchannel?.getAddress();
      if (backend === undefined) return picked;
      // A pick that is not used was never started: whoever counts calls has nothing to take back.
      if (refused.has(backend)) continue;
      if (gate.admits(backend)) return this.#gatekeeper.watch(backend, picked);
      refused.add(backend);
    }
    return this.#gatekeeper.shed();
  }
}
