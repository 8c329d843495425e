import { experimental, type ChannelOptions } from '@grpc/grpc-js';
import { healthDefinition } from '@giftmesh/mesh-health';
import { extrasOf, type FilledExtras } from '../balancer-extras';
import { HEALTH_CHECKED, HealthCheckedConfig } from './health-config';
import { HealthMonitor } from './health-monitor';
import { HealthSubchannel } from './health-subchannel';

type Connection = ReturnType<experimental.SubchannelInterface['getRealSubchannel']>;

/**
 * The grpc-js policy `giftmesh.health_checked`: client-side health checking (gRFC A17) around any other policy, which sees only backends
 * that serve. Each backend is watched over the very connection that carries its calls.
 */
export class HealthCheckedBalancer implements experimental.LoadBalancer {
  readonly #helper: experimental.ChannelControlHelper;
  readonly #method = healthDefinition().watch;
  readonly #monitors = new Map<Connection, HealthMonitor>();
  #child: experimental.ChildLoadBalancerHandler;
  #serviceName: string | undefined;
  #extras: FilledExtras = extrasOf({});
  #detach: () => void = () => undefined;

  constructor(helper: experimental.ChannelControlHelper) {
    this.#helper = helper;
    this.#child = this.#newChild();
  }

  updateAddressList(
    endpoints: experimental.StatusOr<experimental.Endpoint[]>,
    config: experimental.TypedLoadBalancingConfig,
    options: ChannelOptions,
    resolutionNote: string,
  ): boolean {
    if (!(config instanceof HealthCheckedConfig)) return false;
    this.#extras = extrasOf(options);
    this.#report();
    if (this.#serviceName !== undefined && this.#serviceName !== config.serviceName) {
      // Connections are watched for the old name: begin anew.
      this.#child.destroy();
      this.#stopMonitors();
      this.#child = this.#newChild();
    }
    this.#serviceName = config.serviceName;
    return this.#child.updateAddressList(endpoints, config.child, options, resolutionNote);
  }

  exitIdle(): void {
    this.#child.exitIdle();
  }

  resetBackoff(): void {
    this.#child.resetBackoff();
  }

  destroy(): void {
    this.#detach();
    this.#child.destroy();
    this.#stopMonitors();
  }

  getTypeName(): string {
    return HEALTH_CHECKED;
  }

  #newChild(): experimental.ChildLoadBalancerHandler {
    return new experimental.ChildLoadBalancerHandler(
      experimental.createChildChannelControlHelper(this.#helper, {
        createSubchannel: (address, options) =>
          new HealthSubchannel(this.#helper.createSubchannel(address, options), {
            find: (connection) => this.#monitors.get(connection.getRealSubchannel()),
            get: (connection) => this.#monitorOf(connection),
          }),
        updateState: (state, picker, errorMessage) =>
          this.#helper.updateState(state, new UnwrappingPicker(picker), errorMessage),
      }),
    );
  }

  #monitorOf(connection: experimental.SubchannelInterface): HealthMonitor {
    const key = connection.getRealSubchannel();
    const known = this.#monitors.get(key);
    if (known !== undefined) return known;
    const { clock, random, onDecision } = this.#extras;
    const monitor = new HealthMonitor(connection, {
      serviceName: this.#serviceName ?? '',
      method: this.#method,
      clock,
      random,
      onHealth: (_health, decision) => onDecision(HEALTH_CHECKED, decision, connection.getAddress()),
      onUnused: () => this.#monitors.delete(key),
    });
    this.#monitors.set(key, monitor);
    return monitor;
  }

  #report(): void {
    this.#detach();
    const source = (): [string, { health: string }][] =>
      [...this.#monitors.values()].map(({ address, health }) => [address, { health }]);
    this.#detach = this.#extras.state?.attach(source) ?? (() => undefined);
  }

  #stopMonitors(): void {
    for (const monitor of this.#monitors.values()) monitor.stop();
    this.#monitors.clear();
  }
}

/** Calls go over the connection itself: those that were given it before its backend stopped serving still get through. */
class UnwrappingPicker implements experimental.Picker {
  readonly #picker: experimental.Picker;

  constructor(picker: experimental.Picker) {
    this.#picker = picker;
  }

  pick(args: experimental.PickArgs): experimental.PickResult {
    const picked = this.#picker.pick(args);
    return picked.subchannel instanceof HealthSubchannel
      ? { ...picked, subchannel: picked.subchannel.wrapped }
      : picked;
  }
}
