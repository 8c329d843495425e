import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from '@giftmesh/test-harness';

/** Settings of an app with their defaults, by the table of its README, which its own test compares with the code. */
export function settingsTable(app: string): ReadonlyMap<string, string> {
  const readme = readFileSync(join(repositoryRoot(), 'apps', app, 'README.md'), 'utf8');
  return new Map(
    [...readme.matchAll(/^\| `(GIFTMESH_\w+)`\s*\| `([^`]*)`\s*\|/gm)].map(([, name = '', value = '']) => [
      name,
      value,
    ]),
  );
}
