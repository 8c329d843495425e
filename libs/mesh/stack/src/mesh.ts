import { randomInt } from 'node:crypto';
import { seededRandom, type Random } from '@giftmesh/kernel-random';
import { systemClock, type Clock } from '@giftmesh/kernel-time';
import { registerBalancers } from '@giftmesh/mesh-balancer';
import type { HealthRegistry } from '@giftmesh/mesh-health';
import type { OnDecision, PolicyState, ServerPolicy } from '@giftmesh/mesh-context';
import { priorityPropagation, type AdmissionSettings } from '@giftmesh/mesh-overload';
import { isStress, lanesClientPolicy, saysStress, STRESS_KEY } from '@giftmesh/mesh-lanes';
import { RetryBudgets } from '@giftmesh/mesh-retry';
import { createMeshServer, type MeshServer, type MeshServerOptions } from '@giftmesh/mesh-server';
import { authorizationPolicy, type AuthorizationOptions } from '@giftmesh/mesh-tls';
import {
  decisionCounter,
  MetricsRegistry,
  redClientPolicy,
  redServerPolicy,
  TraceIds,
  TraceSampler,
  tracingAttemptPolicy,
  tracingClientPolicy,
  tracingServerPolicy,
  type TracingOptions,
} from '@giftmesh/mesh-telemetry';
import { checkBehaviour, type Behaviour, type FeatureSwitch } from './behaviour';
import { MeshChannel, type MeshChannelOptions } from './mesh-channel';
import { meshMetrics } from './mesh-metrics';
import { rehearse } from './rehearse';
import { ServerStack, type StressSettings } from './server-stack';
import { STACK_BUDGET } from './stack-defaults';

/** One in a hundred. */
const SAMPLE_RATIO = 0.01;

export interface MeshOptions {
  /** Features that services can do without under load; see `Behaviour.features`. Default none. */
  readonly features?: readonly string[];
  /** Default: all libraries' defaults. */
  readonly behaviour?: Behaviour;
  /** Makes the spans of recorded calls, of OpenTelemetry. Default none: traces only pass through. */
  readonly tracer?: TracingOptions['tracer'];
  /** Makes the ids of traces; give the SDK the same. Default made from `random`. */
  readonly traceIds?: TraceIds;
  /** Where all metrics go. Default a new one. */
  readonly metrics?: MetricsRegistry;
  /** Default the process's real time. */
  readonly clock?: Clock;
  /** Default seeded by the system. */
  readonly random?: Random;
}

export interface MeshServerSettings extends MeshServerOptions {
  /** Names it in the state. */
  readonly name: string;
  /** Whether anybody may call it. Default true: trust has to be said. */
  readonly edge?: boolean;
  /** For handlers that wait or compute in their own way; the behaviour's words come before it. Default none. */
  readonly admission?: AdmissionSettings;
  /** Lets in only whom a method names as its callers, by their certificates; see mesh-tls. Default: whoever reaches the server. */
  readonly authorization?: Pick<AuthorizationOptions, 'own'> | undefined;
  /** For services that have shadow stores. Default: calls of load tests have no limit of their own, and an edge takes none. */
  readonly stress?: StressSettings | undefined;
}

/** What is shared by all servers and clients of a process: metrics, budgets, randomness, behaviour. No global state. */
export class Mesh {
  readonly metrics: MetricsRegistry;
  readonly traceIds: TraceIds;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #features: readonly string[];
  readonly #onDecision: OnDecision;
  readonly #budgets: RetryBudgets;
  /** What load tests spend on retries, nobody else has to go without. */
  readonly #stressBudgets: RetryBudgets;
  readonly #sampler: TraceSampler;
  readonly #tracing: TracingOptions;
  readonly #red: ServerPolicy;
  readonly #redClient: ReturnType<typeof redClientPolicy>;
  readonly #servers = new Map<string, ServerStack>();
  readonly #channels = new Map<string, MeshChannel>();
  /** Of each server. */
  readonly #health: HealthRegistry[] = [];
  #behaviour: Behaviour;

  /** Throws RangeError or TypeError for a behaviour that cannot work. */
  constructor(options: MeshOptions = {}) {
    this.#clock = options.clock ?? systemClock;
    this.#random = options.random ?? seededRandom(randomInt(2 ** 31));
    this.#features = options.features ?? [];
    this.#behaviour = checkBehaviour(options.behaviour ?? {}, this.#features);
    rehearse(this.#behaviour, this.#clock);
    this.metrics = options.metrics ?? new MetricsRegistry();
    this.traceIds = options.traceIds ?? new TraceIds(this.#random.fork());
    this.#onDecision = decisionCounter(this.metrics);
    const budget = { ...STACK_BUDGET, ...this.#behaviour.client?.budget };
    this.#budgets = new RetryBudgets(budget);
    this.#stressBudgets = new RetryBudgets(budget);
    this.#sampler = new TraceSampler(this.#behaviour.tracing ?? { ratio: SAMPLE_RATIO });
    this.#tracing = {
      tracer: options.tracer,
      sampler: this.#sampler,
      ids: this.traceIds,
      endAttributes: (call) => (isStress(call) ? { [STRESS_KEY]: true } : undefined),
    };
    const apart = { label: STRESS_KEY, isApart: isStress, isApartBy: saysStress };
    this.#red = redServerPolicy({ registry: this.metrics, clock: this.#clock, apart });
    this.#redClient = redClientPolicy({ registry: this.metrics, clock: this.#clock, apart });
    this.#show();
    // grpc-js keeps these for the process; it is done here since a channel without them would silently use one backend only.
    registerBalancers();
  }

  /**
   * A server with all policies: telemetry, authorization, lanes, priorities, rate limits, admission. Its own policies come inside of those.
   * Throws TypeError or RangeError for services and options that cannot work, or a name that is taken.
   */
  createServer(settings: MeshServerSettings): MeshServer {
    const { name, edge = true, admission: defaults = {}, authorization, stress, ...options } = settings;
    if (this.#servers.has(name)) throw new TypeError(`there is a server ${name} already`);
    const stack = new ServerStack({
      clock: this.#clock,
      random: this.#random.fork(),
      onDecision: this.#onDecision,
      edge,
      outermost: [
        this.#red,
        tracingServerPolicy({ ...this.#tracing, trustIncoming: !edge, onDecision: this.#onDecision }),
      ],
      defaults,
      authorization: authorization && authorizationPolicy({ ...authorization, onDecision: this.#onDecision }),
      behaviour: this.#behaviour.server ?? {},
      stress,
    });
    try {
      const server = createMeshServer({
        ...options,
        clock: this.#clock,
        policies: [...stack.policies, ...(options.policies ?? [])],
      });
      this.#servers.set(name, stack);
      this.#health.push(server.health);
      return server;
    } catch (error) {
      stack.stop();
      throw error;
    }
  }

  /**
   * A way to another service, with all policies: telemetry, lanes, priorities, retries on a budget, breaker, early
   * shedding, and a balancer by latency where there are several backends.
   * Throws TypeError or RangeError for options that cannot work, or a name that is taken.
   */
  createChannel(options: MeshChannelOptions): MeshChannel {
    if (this.#channels.has(options.name)) throw new TypeError(`there is a channel ${options.name} already`);
    const channel = new MeshChannel(options, {
      clock: this.#clock,
      random: this.#random.fork(),
      onDecision: this.#onDecision,
      budgets: options.stress === true ? this.#stressBudgets : this.#budgets,
      outermost: [
        this.#redClient,
        tracingClientPolicy(this.#tracing),
        lanesClientPolicy({ stress: options.stress === true }),
        priorityPropagation(isStress),
      ],
      // Without a tracer there are no spans of tries either.
      eachTry: this.#tracing.tracer === undefined ? [] : [tracingAttemptPolicy(this.#tracing)],
      behaviour: this.#behaviour.client ?? {},
    });
    this.#channels.set(options.name, channel);
    return channel;
  }

  /** Whether a feature is to be left out now. Throws TypeError for one that was not named at the beginning. */
  isOff(feature: string): boolean {
    if (!this.#features.includes(feature)) throw new TypeError(`no feature ${feature}`);
    const position: FeatureSwitch = this.#behaviour.features?.[feature] ?? 'auto';
    return position === 'off' || (position === 'auto' && this.overloaded);
  }

  /** Whether any server sheds calls now. */
  get overloaded(): boolean {
    for (const stack of this.#servers.values()) if (stack.overloaded) return true;
    return false;
  }

  /**
   * Puts another behaviour in force, from plain data. A client policy whose part has changed begins anew; the others, and all of the
   * servers', keep what they know. Throws TypeError or RangeError, and changes nothing, when anything is wrong.
   */
  configure(value: unknown): void {
    const behaviour = checkBehaviour(value, this.#features);
    rehearse(behaviour, this.#clock);
    const before = this.#behaviour;
    const prepared = [...this.#channels.values()].map((channel) => channel.prepare(behaviour.client ?? {}));
    try {
      this.#apply(behaviour);
    } catch (error) {
      this.#apply(before);
      throw error;
    }
    for (const putInForce of prepared) putInForce();
  }

  /** What every policy has in mind now, for people. */
  get state(): MeshState {
    return {
      overloaded: this.overloaded,
      behaviour: this.#behaviour,
      features: Object.fromEntries(this.#features.map((name) => [name, this.isOff(name) ? 'off' : 'on'])),
      servers: Object.fromEntries([...this.#servers].map(([name, stack]) => [name, stack.state])),
      channels: Object.fromEntries([...this.#channels].map(([name, channel]) => [name, channel.state])),
    };
  }

  /** Ends timers and closes the channels that it made; servers are drained by their owner before. */
  close(): void {
    for (const stack of this.#servers.values()) stack.stop();
    for (const channel of this.#channels.values()) channel.close();
  }

  #apply(behaviour: Behaviour): void {
    for (const stack of this.#servers.values()) stack.configure(behaviour.server ?? {});
    const budget = { ...STACK_BUDGET, ...behaviour.client?.budget };
    this.#budgets.configure(budget);
    this.#stressBudgets.configure(budget);
    this.#sampler.configure(behaviour.tracing ?? { ratio: SAMPLE_RATIO });
    this.#behaviour = behaviour;
  }

  #show(): void {
    meshMetrics(this.metrics, {
      states: () => this.state,
      sheds: () => [...this.#servers].map(([name, { sheds }]) => [name, sheds] as const),
      health: () => this.#health,
    });
  }
}

/** See `Mesh.state`. */
export interface MeshState {
  readonly overloaded: boolean;
  readonly behaviour: Behaviour;
  readonly features: Readonly<Record<string, 'on' | 'off'>>;
  /** By server or channel, then by policy. */
  readonly servers: Readonly<Record<string, Readonly<Record<string, PolicyState>>>>;
  readonly channels: Readonly<Record<string, Readonly<Record<string, PolicyState>>>>;
}
