#!/usr/bin/env node
// Adds up what the tests of all projects reported to tmp/test-results:  node tools/ci/summary.mjs [--failed-gate NAME]...
// The last line is "N passed, N failed", with ", N skipped" when some were; tests that passed on their second try are
// named above it. A gate that failed, and a project that
// reported nothing, count as one failure each; so does --tests-failed (the test command failed) where no test did. Exits
// with 1 on any failure, and when there was no test at all.
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { projectFolders } from './projects.mjs';

const { values: options } = parseArgs({
  options: {
    'tests-failed': { type: 'boolean', default: false },
    'failed-gate': { type: 'string', multiple: true, default: [] },
    root: { type: 'string', default: join(dirname(fileURLToPath(import.meta.url)), '../..') },
  },
});

const rows = projectFolders(options.root).map((folder) => {
  const { name } = JSON.parse(readFileSync(join(options.root, folder, 'package.json'), 'utf8'));
  const file = join(options.root, 'tmp/test-results', `${name}.json`);
  if (!existsSync(file)) return { name, passed: 0, failed: 1, skipped: 0, note: 'no result: its tests did not run' };
  const { passed, failed, skipped, retried = [] } = JSON.parse(readFileSync(file, 'utf8'));
  return { name, passed, failed, skipped, retried, note: failed > 0 ? 'failed' : '' };
});
if (options['tests-failed'] && rows.every(({ failed }) => failed === 0))
  rows.push({ name: 'the test command', passed: 0, failed: 1, skipped: 0, note: 'failed, though no test did' });
rows.push(
  ...options['failed-gate'].map((gate) => ({ name: gate, passed: 0, failed: 1, skipped: 0, note: 'gate failed' })),
);

const width = Math.max(0, ...rows.map(({ name }) => name.length));
for (const { name, passed, failed, skipped, note } of rows)
  console.log(
    `${name.padEnd(width)} ${`${passed}`.padStart(6)} passed ${`${failed}`.padStart(4)} failed` +
      `${skipped > 0 ? ` ${skipped} skipped` : ''}${note === '' ? '' : `   <- ${note}`}`,
  );

const retried = rows.flatMap((row) => (row.retried ?? []).map((test) => `${row.name}: ${test}`));
if (retried.length > 0) console.log(`\nPassed on the second try:\n${retried.map((test) => `  ${test}\n`).join('')}`);

const total = (key) => rows.reduce((sum, row) => sum + row[key], 0);
const [passed, failed, skipped] = [total('passed'), total('failed'), total('skipped')];
if (passed + failed === 0) console.log('No test ran.');
console.log(`\n${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
