import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Removes what was built from sources that are no longer there: the compiler leaves it, and npm would pack it. Returns the paths, relative
 * to the project.
 */
export function removeStale(project: string): string[] {
  const dist = join(project, 'dist');
  if (!existsSync(dist)) throw new Error(`${project} was not built`);
  const built = readdirSync(dist, { recursive: true, encoding: 'utf8' }).filter((path) =>
    /\.(js|d\.ts)(\.map)?$/.test(path),
  );
  const stale = built.filter((path) => !existsSync(join(project, 'src', path.replace(/\.(js|d\.ts)(\.map)?$/, '.ts'))));
  for (const path of stale) rmSync(join(dist, path), { force: true });
  return stale.map((path) => join('dist', path)).sort();
}
