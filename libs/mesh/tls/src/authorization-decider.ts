import type { CallerIdentity } from './caller-identity-decider';
import { callerNames } from './caller-names-decider';

/** Whether a call may be made. */
export type AuthorizationDecision =
  | { readonly kind: 'allowed'; readonly caller: string }
  /** Nobody knows who calls. */
  | { readonly kind: 'unidentified'; readonly problem: string }
  /** It is known who calls, and that one is not allowed to. */
  | { readonly kind: 'forbidden'; readonly caller: string };

export interface AuthorizationQuestion {
  /** Who may call the method: short names of neighbours, whole SPIFFE IDs, or DNS names with a dot. Nobody, where it is empty. */
  readonly callers: readonly string[];
  readonly caller: CallerIdentity;
  /** Of the service that is called. */
  readonly own: CallerIdentity;
}

/** Decides whether a caller may call a method: only who is named, by one of its names; see `callerNames`. */
export function decideCaller({ callers, caller, own }: AuthorizationQuestion): AuthorizationDecision {
  if (caller.kind === 'none') return { kind: 'unidentified', problem: caller.problem };
  const names = callerNames(caller, own);
  const known = names.find((name) => callers.includes(name));
  if (known !== undefined) return { kind: 'allowed', caller: known };
  return { kind: 'forbidden', caller: names[0] ?? (caller.kind === 'dns' ? (caller.names[0] ?? '') : caller.id) };
}
