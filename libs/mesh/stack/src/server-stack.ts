import type { Random } from '@giftmesh/kernel-random';
import type { Clock } from '@giftmesh/kernel-time';
import type { OnDecision, PolicyState, ServerPolicy } from '@giftmesh/mesh-context';
import { isStress, lanesServerPolicy, stressEdgePolicy, stressLimitPolicy } from '@giftmesh/mesh-lanes';
import { admission, LEVEL_OPEN, priorities, type Admission, type AdmissionSettings } from '@giftmesh/mesh-overload';
import { rateLimitPolicy } from '@giftmesh/mesh-rate-limit';
import { noRetryUpward } from '@giftmesh/mesh-retry';
import type { ServerBehaviour } from './behaviour';

/** How a server takes calls of load tests. */
export interface StressSettings {
  /** The most of them at once, streams included. */
  readonly callsMax: number;
  /** At an edge: what a load test has to show (`x-mesh-stress`). Default: none is taken there. */
  readonly token?: string | undefined;
}

export interface ServerStackOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly onDecision: OnDecision;
  /** Whether anybody may call: nothing that callers say of their priority, lane or trace is believed then. */
  readonly edge: boolean;
  /** Telemetry: it sees what the others refuse. */
  readonly outermost: readonly ServerPolicy[];
  /** Before everything that costs or is counted for a caller. Default none. */
  readonly authorization?: ServerPolicy | undefined;
  /** For servers whose handlers wait or compute in their own way; the behaviour's words come before it. */
  readonly defaults: AdmissionSettings;
  readonly behaviour: ServerBehaviour;
  /** Default: calls of load tests have no limit of their own, and an edge takes none. */
  readonly stress?: StressSettings | undefined;
}

/** The policies of one server, in their order. */
export class ServerStack {
  readonly policies: readonly ServerPolicy[];
  readonly #admission: Admission;
  readonly #rateLimit: ReturnType<typeof rateLimitPolicy>;
  readonly #stressLimit: ServerPolicy | undefined;
  readonly #authorization: ServerPolicy | undefined;
  readonly #defaults: AdmissionSettings;
  #behaviour: ServerBehaviour;

  /** Throws RangeError or TypeError for a behaviour that cannot work. */
  constructor(options: ServerStackOptions) {
    const { clock, random, onDecision, edge, behaviour, defaults, stress } = options;
    this.#defaults = defaults;
    this.#behaviour = behaviour;
    this.#authorization = options.authorization;
    const assign = priorities({ trust: !edge, random, clock, onDecision, isLeast: isStress });
    this.#rateLimit = rateLimitPolicy({ rules: behaviour.rateLimits ?? [], clock, onDecision });
    this.#stressLimit = stress && stressLimitPolicy({ callsMax: stress.callsMax, onDecision });
    this.#admission = admission({
      ...defaults,
      ...admissionOf(behaviour),
      priorities: assign,
      trustReports: !edge,
      clock,
      random,
      onDecision,
    });
    this.policies = [
      ...options.outermost,
      ...(options.authorization === undefined ? [] : [options.authorization]),
      noRetryUpward(),
      lanesServerPolicy({ trust: !edge, onDecision }),
      ...(edge ? [stressEdgePolicy({ token: stress?.token, onDecision })] : []),
      assign,
      this.#rateLimit,
      ...(this.#stressLimit === undefined ? [] : [this.#stressLimit]),
      this.#admission,
    ];
  }

  /** Puts a behaviour in force. Throws RangeError or TypeError, and changes nothing, when it cannot work. */
  configure(behaviour: ServerBehaviour): void {
    this.#rateLimit.configure({ rules: behaviour.rateLimits ?? [] });
    try {
      this.#admission.configure({ ...this.#defaults, ...admissionOf(behaviour) });
    } catch (error) {
      this.#rateLimit.configure({ rules: this.#behaviour.rateLimits ?? [] });
      throw error;
    }
    this.#behaviour = behaviour;
  }

  /** Whether calls are shed now. */
  get overloaded(): boolean {
    return this.#admission.level < LEVEL_OPEN;
  }

  /** Calls that were shed, by business priority. */
  get sheds(): ReadonlyMap<number, number> {
    return this.#admission.sheds();
  }

  /** The state of each policy. */
  get state(): Readonly<Record<string, PolicyState>> {
    return {
      admission: this.#admission.state?.() ?? {},
      rateLimit: this.#rateLimit.state(),
      ...(this.#authorization === undefined ? {} : { authorization: this.#authorization.state?.() ?? {} }),
      ...(this.#stressLimit === undefined ? {} : { stressLimit: this.#stressLimit.state?.() ?? {} }),
    };
  }

  /** Ends its timers. */
  stop(): void {
    this.#admission.stop();
  }
}

function admissionOf({ rateLimits: _rateLimits, ...settings }: ServerBehaviour): AdmissionSettings {
  return settings;
}
