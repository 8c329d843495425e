import type { Call } from '@giftmesh/mesh-context';

/** Finds in a call what a limit is kept for: a user, a tenant. Undefined where there is none; those calls share one limit. */
export type CallKey<C extends Call> = (call: C) => string | undefined;

/** The longest part of a key, UTF-16 units; longer ones are malformed. */
export const KEY_PART_CHARACTERS_MAX = 100;

/** A key function that takes what stands in the call's metadata. Trust it only where that was set by somebody you trust. */
export function metadataKey(
  name: string,
): CallKey<Call & { readonly metadata: { get(name: string): string | undefined } }> {
  const lowerCase = name.toLowerCase();
  return (call) => call.metadata.get(lowerCase);
}

/**
 * The key of a call under a rule: its parts, with their lengths, so that no two combinations look the same. Undefined when a part is
 * malformed: too long, no string, or its function threw.
 */
export function keyOf<C extends Call>(
  call: C,
  by: readonly string[],
  keys: Readonly<Record<string, CallKey<C>>>,
): string | undefined {
  let key = '';
  for (const name of by) {
    const part = name === 'method' ? call.method : partOf(call, keys[name]);
    if (typeof part !== 'string' || (name !== 'method' && part.length > KEY_PART_CHARACTERS_MAX)) return undefined;
    key += `${part.length}:${part}`;
  }
  return key;
}

function partOf<C extends Call>(call: C, find: CallKey<C> | undefined): unknown {
  try {
    return find?.(call) ?? '';
  } catch {
    return undefined;
  }
}
