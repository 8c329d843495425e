import type { Metadata } from '@grpc/grpc-js';
import type { Clock } from '@giftmesh/kernel-time';
import { BalancerState, balancerOptions, type BackendGate, type BalancerConfig } from '@giftmesh/mesh-balancer';
import {
  createClient,
  grpcTransport,
  type ClientOptions,
  type GrpcTransportOptions,
  type MeshClient,
  type Transport,
} from '@giftmesh/mesh-client';
import type { PolicyState, ServiceDefinition } from '@giftmesh/mesh-context';
import { parsePriority, PRIORITY_HEADER, type BackendLevels } from '@giftmesh/mesh-overload';
import type { ClientBehaviour } from './behaviour';
import { ClientStack, type ClientStackOptions } from './client-stack';

export interface MeshChannelOptions {
  /** Names it in the state. */
  readonly name: string;
  /** Where the service is: over gRPC, or any other transport. */
  readonly to: Omit<GrpcTransportOptions, 'clock'> | Transport;
  /** How calls are spread over a service's backends, over gRPC. Default by latency and calls in hand (P2C-EWMA). */
  readonly balancer?: BalancerConfig;
  /** See `ClientOptions`. */
  readonly methodPolicies?: ClientOptions['methodPolicies'];
  /**
   * True for what works for load tests only: all calls are marked, come last everywhere, and have a budget for retries of their own.
   * Default false.
   */
  readonly stress?: boolean;
}

/** A way to another service. */
export class MeshChannel {
  readonly transport: Transport;
  readonly #stack: ClientStack;
  readonly #clientOptions: ClientOptions;
  readonly #backends: BalancerState | undefined;
  /** Whether the transport is ours to close. */
  readonly #owned: boolean;

  /** Throws TypeError or RangeError for options that cannot work. */
  constructor(options: MeshChannelOptions, tools: ClientStackOptions) {
    this.#stack = new ClientStack(tools);
    this.#owned = 'address' in options.to;
    if ('address' in options.to) {
      this.#backends = new BalancerState();
      const balancing = balancerOptions(options.balancer ?? { policy: 'p2c_ewma' }, {
        clock: tools.clock,
        random: tools.random,
        state: this.#backends,
        gate: levelGate(() => this.#stack.levels(), tools.clock),
      });
      this.transport = grpcTransport({
        ...options.to,
        clock: tools.clock,
        channelOptions: { ...balancing, ...options.to.channelOptions },
      });
    } else this.transport = options.to;
    this.#clientOptions = {
      clock: tools.clock,
      policies: this.#stack.policies,
      ...(options.methodPolicies === undefined ? {} : { methodPolicies: options.methodPolicies }),
    };
  }

  /** A client of a service that is behind this channel. */
  client<D extends ServiceDefinition>(definition: D): MeshClient<D> {
    return createClient(definition, this.transport, this.#clientOptions);
  }

  /** See `ClientStack.prepare`. */
  prepare(behaviour: ClientBehaviour): () => void {
    return this.#stack.prepare(behaviour);
  }

  /** The state of each policy, and of the backends that the balancer knows. */
  get state(): Readonly<Record<string, PolicyState>> {
    return { ...this.#stack.state, ...(this.#backends === undefined ? {} : { balancer: this.#backends.state() }) };
  }

  /** Closes the transport, if the channel made it. */
  close(): void {
    if (this.#owned) this.transport.close();
  }
}

/** Lets the balancer send a call to backends only that would let it in. What they say is learned where calls end. */
function levelGate(levels: () => BackendLevels | undefined, clock: Clock): BackendGate {
  return {
    admits: (backend: string, metadata: Metadata) => {
      const [text] = metadata.get(PRIORITY_HEADER);
      const priority = typeof text === 'string' ? parsePriority(text) : undefined;
      return priority === undefined || (levels()?.admits(backend, priority, clock.monotonicMs()) ?? true);
    },
    ended: () => undefined,
  };
}
