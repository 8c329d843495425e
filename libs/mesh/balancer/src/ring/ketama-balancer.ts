import type { experimental } from '@grpc/grpc-js';
import type { FilledExtras } from '../balancer-extras';
import { EndpointBalancer, type Backend, type EndpointPolicy } from '../endpoints/endpoint-balancer';
import { Gatekeeper } from '../gate/gatekeeper';
import { InFlight } from '../in-flight-decider';
import { KETAMA, KetamaConfig } from './ketama-config';
import { KetamaPicker } from './ketama-picker';
import { KetamaRing } from './ketama-ring-decider';
import { RingDecider, type RingLoad } from './ring-decider';

/** The grpc-js policy `giftmesh.ketama`: consistent hashing with bounded loads, by a key in the call's metadata. */
export class KetamaBalancer extends EndpointBalancer<KetamaConfig, RingLoad> {
  readonly #total = new InFlight();

  constructor(helper: experimental.ChannelControlHelper) {
    super(helper, KETAMA);
  }

  protected own(config: experimental.TypedLoadBalancingConfig): KetamaConfig | undefined {
    return config instanceof KetamaConfig ? config : undefined;
  }

  protected policy({ options }: KetamaConfig, extras: FilledExtras): EndpointPolicy<RingLoad> {
    const { gate, onDecision, random } = extras;
    const { keyHeader, epsilon, inFlightFree } = options;
    const gatekeeper = gate === undefined ? undefined : new Gatekeeper(gate, KETAMA, onDecision);
    const ringOf = lastOnly((all: readonly Backend<RingLoad>[]) => {
      return new KetamaRing(all, options.pointsPerBackend, ({ load }) => load.weight);
    });
    return {
      newLoad: (name) => ({ weight: options.weights[name] ?? 1, inFlight: new InFlight() }),
      report: ({ inFlight }, nowMs) => ({ inFlight: inFlight.count(nowMs) }),
      picker: (usable, all) => {
        const ring = ringOf(all);
        const decider = new RingDecider({ ring, usable, total: this.#total, epsilon, inFlightFree, random });
        return new KetamaPicker({ decider, keyHeader, extras, gatekeeper });
      },
    };
  }
}

/** Makes again only what has changed: backends that come and go as usable do not change the ring. */
function lastOnly<Item, Made>(make: (items: readonly Item[]) => Made): (items: readonly Item[]) => Made {
  let last: { readonly items: readonly Item[]; readonly made: Made } | undefined;
  return (items) => {
    const same = last?.items.length === items.length && items.every((item, index) => item === last?.items[index]);
    if (last === undefined || !same) last = { items, made: make(items) };
    return last.made;
  };
}
