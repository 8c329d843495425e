import type { z } from 'zod';

/** Exit code of a process whose configuration is wrong (sysexits.h). */
export const EX_CONFIG = 78;

/** Of an issue of zod's: the value must not be shown. */
export const SECRET = 'secret';

/** A configuration that can't be used; the message names every wrong value. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';

  constructor(readonly problems: readonly string[]) {
    super(`the configuration is wrong:\n${problems.map((problem) => `  ${problem}`).join('\n')}`);
  }
}

/**
 * Reads a configuration from variables (usually `process.env`) by a zod object whose keys are the variables' names.
 * Throws {@link ConfigError} with all that is wrong: values that don't fit, and variables with the `prefix` that
 * nobody knows (most often a typing mistake that would silently leave a default in force).
 */
export function loadConfig<S extends z.ZodObject>(
  schema: S,
  variables: Readonly<Record<string, string | undefined>>,
  prefix = 'GIFTMESH_',
): z.infer<S> {
  const known = new Set(Object.keys(schema.shape));
  const given = Object.fromEntries(
    Object.entries(variables).filter(([name, value]) => known.has(name) && value !== ''),
  );
  const problems = Object.keys(variables)
    .filter((name) => name.startsWith(prefix) && !known.has(name))
    .map((name) => `${name} is not a setting; there are: ${[...known].join(', ')}`);
  const result = schema.safeParse(given);
  if (!result.success)
    problems.push(
      ...result.error.issues.map((issue) => {
        const name = issue.path.join('.');
        const value = given[name];
        const isSecret = issue.code === 'custom' && issue.params?.[SECRET] === true;
        const shown = isSecret ? ' (not shown, it may hold a password)' : ` is ${JSON.stringify(value)}`;
        return `${name}${value === undefined ? '' : shown}: ${issue.message}`;
      }),
    );
  if (!result.success || problems.length > 0) throw new ConfigError(problems);
  return result.data;
}
