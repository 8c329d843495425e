import { connectivityState as State, experimental, type ChannelOptions } from '@grpc/grpc-js';
import { extrasOf, type FilledExtras } from '../balancer-extras';
import type { BackendReport } from '../balancer-state';
import { aggregateState, type Connectivity } from './aggregate-state-decider';
import { connectivityOf } from './connectivity';
import { endpointName } from './endpoint-name';

type Leaf = experimental.LeafLoadBalancer;

/** A backend with its connection; `Load` is what the balancer keeps of it. */
export interface Backend<Load> {
  /** Its address; several, comma-separated, when one backend has several. */
  readonly name: string;
  readonly load: Load;
  readonly leaf: Leaf;
}

/** What makes one balancer differ from another. */
export interface EndpointPolicy<Load> {
  /** Called once for each backend that comes. */
  newLoad(name: string): Load;
  /** What is known of a backend, for people. */
  report(load: Load, nowMs: number): BackendReport;
  /** How calls are spread over `ready`, never empty; made anew when `ready` or `all` changes. */
  picker(ready: readonly Backend<Load>[], all: readonly Backend<Load>[]): experimental.Picker;
}

/**
 * The part of a load-balancing policy that has nothing to do with choosing: one connection per backend, kept connected; what is
 * known of a backend survives as long as its address stays in the resolver's list.
 */
export abstract class EndpointBalancer<Config extends experimental.TypedLoadBalancingConfig, Load>
  implements experimental.LoadBalancer
{
  readonly #helper: experimental.ChannelControlHelper;
  readonly #typeName: string;
  readonly #backends = new Map<string, Backend<Load>>();
  #policy: EndpointPolicy<Load> | undefined;
  #state: Connectivity = 'IDLE';
  #lastError = 'none';
  #paused = false;
  #detach: () => void = () => undefined;

  constructor(helper: experimental.ChannelControlHelper, typeName: string) {
    this.#helper = helper;
    this.#typeName = typeName;
  }

  /** The config when it is this balancer's own, else undefined. */
  protected abstract own(config: experimental.TypedLoadBalancingConfig): Config | undefined;

  /** The policy for a config; called with each update. Loads of backends that stay are kept. */
  protected abstract policy(config: Config, extras: FilledExtras): EndpointPolicy<Load>;

  updateAddressList(
    endpoints: experimental.StatusOr<experimental.Endpoint[]>,
    lbConfig: experimental.TypedLoadBalancingConfig,
    options: ChannelOptions,
    resolutionNote: string,
  ): boolean {
    const config = this.own(lbConfig);
    if (config === undefined) return false;
    if (!endpoints.ok) {
      // Old addresses are better than none.
      if (this.#backends.size === 0) this.#fail(endpoints.error.details, endpoints.error);
      return true;
    }
    const extras = extrasOf(options);
    this.#policy = this.policy(config, extras);
    this.#report(extras);
    this.#setBackends(endpoints.value, this.#policy, options, resolutionNote);
    if (endpoints.value.length === 0) {
      this.#fail(`No addresses resolved. Resolution note: ${resolutionNote}`);
      return false;
    }
    this.#update();
    return true;
  }

  /** Nothing to do: the connections are kept up all the time. */
  exitIdle(): void {}

  /** Nothing to do: each connection has a backoff of its own. */
  resetBackoff(): void {}

  destroy(): void {
    this.#detach();
    for (const { leaf } of this.#backends.values()) leaf.destroy();
    this.#backends.clear();
    this.#policy = undefined;
  }

  getTypeName(): string {
    return this.#typeName;
  }

  #report({ state, clock }: FilledExtras): void {
    this.#detach();
    const detach = state?.attach(() => {
      const nowMs = clock.monotonicMs();
      return [...this.#backends.values()].map(({ name, leaf, load }) => [
        name,
        { ready: connectivity(leaf) === 'READY', ...this.#policy?.report(load, nowMs) },
      ]);
    });
    this.#detach = detach ?? (() => undefined);
  }

  #setBackends(
    endpoints: readonly experimental.Endpoint[],
    policy: EndpointPolicy<Load>,
    options: ChannelOptions,
    resolutionNote: string,
  ): void {
    const kept = new Set<string>();
    // What connections tell meanwhile would each time make a picker of half a list.
    this.#paused = true;
    for (const endpoint of endpoints) {
      const name = endpointName(endpoint);
      kept.add(name);
      if (this.#backends.has(name)) continue;
      const leaf = new experimental.LeafLoadBalancer(endpoint, this.#leafHelper(), options, resolutionNote);
      this.#backends.set(name, { name, leaf, load: policy.newLoad(name) });
      leaf.startConnecting();
    }
    for (const { name, leaf } of [...this.#backends.values()]) {
      if (kept.has(name)) continue;
      leaf.destroy();
      this.#backends.delete(name);
    }
    this.#paused = false;
  }

  #leafHelper(): experimental.ChannelControlHelper {
    return experimental.createChildChannelControlHelper(this.#helper, {
      updateState: (state, _picker, errorMessage) => {
        // A backend that went away may have been replaced: ask the resolver.
        if (this.#state === 'READY' && state !== State.READY) this.#helper.requestReresolution();
        if (errorMessage !== null) this.#lastError = errorMessage;
        this.#update();
      },
    });
  }

  #update(): void {
    if (this.#paused || this.#policy === undefined) return;
    const all = [...this.#backends.values()];
    const ready = all.filter(({ leaf }) => connectivity(leaf) === 'READY');
    this.#state = aggregateState(all.map(({ leaf }) => connectivity(leaf)));
    switch (this.#state) {
      case 'READY':
        this.#helper.updateState(State.READY, this.#policy.picker(ready, all), null);
        break;
      case 'TRANSIENT_FAILURE':
        this.#fail(`${this.#typeName}: no backend can be used. Last error: ${this.#lastError}`);
        break;
      case 'CONNECTING':
      case 'IDLE':
        this.#helper.updateState(State[this.#state], new experimental.QueuePicker(this), null);
    }
    for (const { leaf } of all) if (connectivity(leaf) === 'IDLE') leaf.exitIdle();
  }

  #fail(details: string, status: Partial<{ code: number; details: string }> = { details }): void {
    this.#state = 'TRANSIENT_FAILURE';
    this.#helper.updateState(State.TRANSIENT_FAILURE, new experimental.UnavailablePicker(status), details);
  }
}

function connectivity(leaf: Leaf): Connectivity {
  return connectivityOf(leaf.getConnectivityState());
}
