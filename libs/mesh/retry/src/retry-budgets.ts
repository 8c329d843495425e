import type { OutgoingCall, PolicyState } from '@giftmesh/mesh-context';
import { integerWithin } from '@giftmesh/kernel-errors';
import { RetryBudget, type RetryBudgetOptions } from './retry-budget-decider';

export interface RetryBudgetsOptions extends RetryBudgetOptions {
  /** Names the target of a call. Default its service: `shop.v1.Orders`. */
  readonly targetOf?: (call: OutgoingCall) => string;
  /** Budgets kept; the one made first goes when there are more. Default 1,000, range 1 to 100,000. */
  readonly targetsMax?: number;
}

/** Targets whose balance a state shows. */
const STATE_TARGETS_MAX = 20;

/** A budget for each target. Give the same one to the retry and the hedging policies of a process: that is what makes it a limit. */
export class RetryBudgets {
  readonly #targetOf: (call: OutgoingCall) => string;
  readonly #targetsMax: number;
  readonly #budgets = new Map<string, RetryBudget>();
  /** What new ones are like; nobody draws on it. */
  readonly #model: RetryBudget;

  /** Throws RangeError for options outside of their ranges. */
  constructor(options: RetryBudgetsOptions = {}) {
    const { targetOf = serviceOf, targetsMax = 1_000, ...budget } = options;
    this.#targetOf = targetOf;
    this.#targetsMax = integerWithin('targetsMax', targetsMax, 1, 100_000);
    this.#model = new RetryBudget(budget);
  }

  /** The budget of a call's target. */
  of(call: OutgoingCall): RetryBudget {
    const target = this.#targetOf(call);
    return this.#budgets.get(target) ?? this.#add(target);
  }

  /** Changes what is named, for all targets. Throws RangeError, and changes nothing, for bad options. */
  configure(options: RetryBudgetOptions): void {
    this.#model.configure(options);
    for (const budget of this.#budgets.values()) budget.configure(options);
  }

  /** Its options, how many targets it knows, and the balances of some of them. */
  state(nowMs: number): PolicyState {
    const balances: Record<string, number> = {};
    for (const [target, budget] of this.#budgets) {
      if (Object.keys(balances).length >= STATE_TARGETS_MAX) break;
      balances[`balance ${target}`] = Math.floor(budget.balance(nowMs));
    }
    return { ...this.#model.options, targets: this.#budgets.size, ...balances };
  }

  #add(target: string): RetryBudget {
    if (this.#budgets.size >= this.#targetsMax) {
      for (const oldest of this.#budgets.keys()) {
        this.#budgets.delete(oldest);
        break;
      }
    }
    const budget = new RetryBudget(this.#model.options);
    this.#budgets.set(target, budget);
    return budget;
  }
}

/** `/shop.v1.Orders/Get` → `shop.v1.Orders`. */
function serviceOf(call: OutgoingCall): string {
  return call.method.slice(1, call.method.lastIndexOf('/'));
}
