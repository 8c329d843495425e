import { adaptiveTimeoutPolicy } from '@giftmesh/mesh-adaptive-timeout';
import { adaptiveThrottlePolicy, circuitBreakerPolicy } from '@giftmesh/mesh-breaker';
import type { ClientPolicy, OnDecision, PolicyState } from '@giftmesh/mesh-context';
import type { Random } from '@giftmesh/kernel-random';
import type { Clock } from '@giftmesh/kernel-time';
import { earlyShedding, type BackendLevels } from '@giftmesh/mesh-overload';
import { hedgingPolicy, retryPolicy, type RetryBudgets } from '@giftmesh/mesh-retry';
import type { ClientBehaviour } from './behaviour';
import { Replaceable } from './replaceable';
import { STACK_BREAKER, STACK_THROTTLE } from './stack-defaults';

export interface ClientStackOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly onDecision: OnDecision;
  /** Of the whole process: what one channel spends, another can't. */
  readonly budgets: RetryBudgets;
  /** Outside of all tries: telemetry and what travels with a call. */
  readonly outermost: readonly ClientPolicy[];
  /** For each try. */
  readonly eachTry: readonly ClientPolicy[];
  readonly behaviour: ClientBehaviour;
}

type Part = Exclude<keyof ClientBehaviour, 'budget'>;

/** The policies of one channel in their order, each replaced when its part of the behaviour changes. */
export class ClientStack {
  readonly policies: readonly ClientPolicy[];
  readonly levels: () => BackendLevels | undefined;
  readonly #parts: Readonly<Record<Part, Replaceable>>;
  readonly #makers: Readonly<Record<Part, (behaviour: ClientBehaviour) => ClientPolicy | undefined>>;
  #behaviour: ClientBehaviour;

  /** Throws RangeError or TypeError for a behaviour that cannot work. */
  constructor(options: ClientStackOptions) {
    const { clock, random, onDecision, budgets } = options;
    const tools = { clock, onDecision };
    let levels: BackendLevels | undefined;
    this.levels = () => levels;
    this.#behaviour = options.behaviour;
    this.#makers = {
      throttle: ({ throttle = false }) =>
        throttle === false ? undefined : adaptiveThrottlePolicy({ ...STACK_THROTTLE, ...throttle, ...tools, random }),
      hedging: ({ hedging = false }) =>
        hedging === false ? undefined : hedgingPolicy({ ...hedging, ...tools, budgets }),
      retry: ({ retry = {} }) => (retry === false ? undefined : retryPolicy({ ...retry, ...tools, random, budgets })),
      adaptiveTimeout: ({ adaptiveTimeout = false }) =>
        adaptiveTimeout === false ? undefined : adaptiveTimeoutPolicy({ ...adaptiveTimeout, ...tools }),
      breaker: ({ breaker = {} }) =>
        breaker === false ? undefined : circuitBreakerPolicy({ ...STACK_BREAKER, ...breaker, ...tools, random }),
      earlyShedding: ({ earlyShedding: shedding = {} }) => {
        const made = shedding === false ? undefined : earlyShedding({ ...shedding, ...tools });
        levels = made?.levels;
        return made;
      },
    };
    const part = (name: Part, form: 'around' | 'observer'): Replaceable =>
      new Replaceable(name, form, this.#makers[name](options.behaviour));
    this.#parts = {
      throttle: part('throttle', 'observer'),
      hedging: part('hedging', 'around'),
      retry: part('retry', 'around'),
      adaptiveTimeout: part('adaptiveTimeout', 'around'),
      breaker: part('breaker', 'observer'),
      earlyShedding: part('earlyShedding', 'observer'),
    };
    const { throttle, hedging, retry, adaptiveTimeout, breaker } = this.#parts;
    this.policies = [
      ...options.outermost,
      throttle.policy,
      hedging.policy,
      retry.policy,
      ...options.eachTry,
      adaptiveTimeout.policy,
      breaker.policy,
      this.#parts.earlyShedding.policy,
    ];
  }

  /**
   * Makes what has changed anew; what it had learned is forgotten, the rest stays. Returns how to put it in force, so that all
   * channels change or none. Throws RangeError or TypeError when something cannot work.
   */
  prepare(behaviour: ClientBehaviour): () => void {
    const changes: (() => void)[] = [];
    for (const name of Object.keys(this.#parts) as Part[]) {
      if (JSON.stringify(behaviour[name]) === JSON.stringify(this.#behaviour[name])) continue;
      const made = this.#makers[name](behaviour);
      changes.push(() => this.#parts[name].replace(made));
    }
    return () => {
      for (const change of changes) change();
      this.#behaviour = behaviour;
    };
  }

  /** The state of each policy that is there. */
  get state(): Readonly<Record<string, PolicyState>> {
    return Object.fromEntries(
      Object.entries(this.#parts).flatMap(([name, { current }]) =>
        current === undefined ? [] : [[name, current.state?.() ?? {}]],
      ),
    );
  }
}
