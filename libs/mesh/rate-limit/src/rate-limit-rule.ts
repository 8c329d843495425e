import { checkInteger, checkRateLimit, shown, type RateLimit } from './rate-limit';

/** A limit on calls, as plain data: it can stand in a file. */
export interface RateLimitRule {
  /** Of a-z, 0-9 and `-`, at most 64; unique among the rules. Stands in errors, in the state and in the keys of shared limits. */
  readonly name: string;
  readonly limit: RateLimit;
  /** Methods it is about: `/package.Service/Method`, or `/package.Service/*`. At most 1,000; default all. */
  readonly methods?: readonly string[];
  /**
   * What has a limit of its own: `method`, and names among the policy's `keys`; several make a limit for each combination.
   * At most 8. Default none: one limit for all calls.
   */
  readonly by?: readonly string[];
  /** Count together with other processes; needs the policy's `shared`. Default false. */
  readonly shared?: boolean;
  /** How long a call may wait for its permit, milliseconds: 0 to 600,000. Default 0: refused at once. */
  readonly maxWaitMs?: number;
}

/** The most rules of a policy. */
export const RULES_MAX = 100;

/** What rules may refer to. */
export interface RuleReferences {
  /** Names of the policy's key functions. */
  readonly keys: readonly string[];
  readonly shared: boolean;
}

/** Returns the rules when all of them are right; they may come from a file. Throws TypeError or RangeError with name and value. */
export function checkRules(rules: readonly RateLimitRule[], references: RuleReferences): readonly RateLimitRule[] {
  if (!Array.isArray(rules)) throw new TypeError(`rules must be a list, is ${shown(rules)}`);
  if (rules.length > RULES_MAX) throw new RangeError(`there can be ${RULES_MAX} rules, these are ${rules.length}`);
  const names = new Set<string>();
  for (const rule of rules as readonly RateLimitRule[]) {
    checkRule(rule, references);
    if (names.has(rule.name)) throw new TypeError(`two rules are named ${rule.name}`);
    names.add(rule.name);
  }
  return rules as readonly RateLimitRule[];
}

function checkRule(rule: RateLimitRule, references: RuleReferences): void {
  if (typeof rule !== 'object' || (rule as unknown) === null)
    throw new TypeError(`a rule must be an object, is ${shown(rule)}`);
  const { name, limit, methods, by = [], shared = false, maxWaitMs = 0 } = rule;
  if (typeof name !== 'string' || !/^[a-z0-9-]{1,64}$/.test(name))
    throw new TypeError(`a rule's name has 1 to 64 of a-z, 0-9 and -, this one is ${shown(name)}`);
  const unknown = Object.keys(rule).find((field) => !FIELDS.includes(field));
  if (unknown !== undefined) throw new TypeError(`${name}.${unknown} is nothing that a rule has`);
  checkRateLimit(limit, `${name}.limit`);
  if (methods !== undefined) checkMethods(name, methods);
  if (!Array.isArray(by) || by.length > BY_MAX)
    throw new TypeError(`${name}.by must be a list of at most ${BY_MAX}, is ${shown(by)}`);
  const strange = (by as readonly string[]).find((key) => key !== 'method' && !references.keys.includes(key));
  if (strange !== undefined)
    throw new TypeError(
      `${name}.by has ${shown(strange)}, which is none of ${['method', ...references.keys].join(', ')}`,
    );
  if (typeof shared !== 'boolean') throw new TypeError(`${name}.shared must be true or false, is ${shown(shared)}`);
  if (shared && !references.shared)
    throw new TypeError(`${name}.shared is true, and there is nothing to share it through`);
  checkInteger(`${name}.maxWaitMs`, maxWaitMs, 0, 600_000);
}

function checkMethods(name: string, methods: readonly string[]): void {
  if (!Array.isArray(methods) || methods.length === 0 || methods.length > METHODS_MAX)
    throw new TypeError(`${name}.methods must be a list of 1 to ${METHODS_MAX}, is ${shown(methods)}`);
  const wrong = (methods as readonly unknown[]).find(
    (method) => typeof method !== 'string' || !/^\/[\w.]+\/(\w+|\*)$/.test(method),
  );
  if (wrong !== undefined)
    throw new TypeError(
      `${name}.methods has ${shown(wrong)}, which is no /package.Service/Method and no /package.Service/*`,
    );
}

/** Whether a rule is about a method. */
export function concerns(rule: RateLimitRule, method: string): boolean {
  if (rule.methods === undefined) return true;
  return rule.methods.includes(method) || rule.methods.includes(`${method.slice(0, method.lastIndexOf('/'))}/*`);
}

const FIELDS: readonly string[] = ['name', 'limit', 'methods', 'by', 'shared', 'maxWaitMs'];
const BY_MAX = 8;
const METHODS_MAX = 1_000;
