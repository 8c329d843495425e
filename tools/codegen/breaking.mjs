#!/usr/bin/env node
// buf's breaking-change check of proto/ against a branch: BASE_REF, or else main (origin/main in a clone without one).
import { execFileSync, spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const git = (...args) => spawnSync('git', args, { cwd: root, encoding: 'utf8' });
const candidates = [process.env.BASE_REF, 'main', 'origin/main', 'HEAD'].filter(Boolean);
const base = candidates.find((ref) => git('rev-parse', '--verify', '--quiet', `${ref}:proto`).status === 0);
if (base === undefined) {
  console.log('Nothing to compare with: no base has a proto folder.');
  process.exit(0);
}
const commit = git('rev-parse', base).stdout.trim();
execFileSync(
  join(root, 'node_modules/.bin/buf'),
  ['breaking', 'proto', '--against', `.git#ref=${commit},subdir=proto`],
  { cwd: root, stdio: 'inherit' },
);
console.log(`No breaking change against ${base} (${commit.slice(0, 12)}).`);
