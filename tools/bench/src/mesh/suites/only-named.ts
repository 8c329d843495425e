import { UsageError } from '../../options';

/** Those whose name has `text` in it; all when it is undefined. Throws UsageError when that leaves none. */
export function onlyNamed<T extends { readonly name: string }>(
  all: readonly T[],
  text: string | undefined,
): readonly T[] {
  const chosen = text === undefined ? all : all.filter(({ name }) => name.includes(text));
  if (chosen.length > 0) return chosen;
  throw new UsageError(`no variant has ${text} in its name; there are: ${all.map(({ name }) => name).join(', ')}`);
}
