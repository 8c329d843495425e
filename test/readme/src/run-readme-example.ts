import { join, resolve } from 'node:path';
import ts from 'typescript';
import { checkExamples } from './check-examples';
import { missingPackages, readLibrary, type Library } from './library';
import { RUN_MS_MAX, runNode } from './run-node';

export interface RunReadmeExampleOptions {
  /** What it must print, exactly. Default: what the README says, and anything where it says nothing. */
  readonly expectOutput?: string;
  /** How long it may run, milliseconds. Default 20,000. */
  readonly limitMs?: number;
}

const root = resolve(__dirname, '../../..');
const REGISTER_SOURCE = join(__dirname, '../register-source.cjs');

/**
 * Type-checks the example of a library's README and runs it against the sources of this workspace; resolves with what it printed.
 *
 * Rejects when there is no example, a type is wrong, it imports what the library's users don't have, it fails, it writes to stderr, it
 * doesn't end within the limit, it prints nothing or something else than expected.
 * @param projectFolder relative to the root of the checkout, or absolute.
 */
export async function runReadmeExample(projectFolder: string, options: RunReadmeExampleOptions = {}): Promise<string> {
  const library = readLibrary(
    root,
    projectFolder.startsWith(root) ? projectFolder.slice(root.length + 1) : projectFolder,
  );
  if (library === undefined) throw new Error(`the README of ${projectFolder} has no \`\`\`ts block`);
  const missing = missingPackages(root, library);
  if (missing.length > 0)
    throw new Error(`the example imports what ${library.name} does not depend on: ${missing.join(', ')}`);
  const wrong = checkExamples(root, [library]).get(library.folder) ?? [];
  if (wrong.length > 0) throw new Error(wrong.join('\n'));
  return runExample(library, options);
}

/** The second half of `runReadmeExample`, for an example that was checked. */
export async function runExample(library: Library, options: RunReadmeExampleOptions = {}): Promise<string> {
  const args = ['--conditions=@giftmesh/source', '--enable-source-maps', '--require', REGISTER_SOURCE];
  const script = asScript(library.example.code);
  const stdout = await runNode([...args, '--eval', script], join(root, library.folder), options.limitMs ?? RUN_MS_MAX);
  expectPrinted(library, stdout, options.expectOutput);
  return stdout;
}

/** Throws when an example did not print what it should. */
export function expectPrinted({ name, example }: Library, stdout: string, expected = example.output): void {
  if (stdout.trim() === '') throw new Error(`the example of ${name} prints nothing`);
  if (expected === undefined || stdout.trimEnd() === expected.trimEnd()) return;
  throw new Error(`the example of ${name} prints:\n${stdout}\ninstead of:\n${expected}`);
}

/** As CommonJS in an async function, where `await` at the top level is allowed. An `await` that never comes back fails with 13, as in a module. */
function asScript(code: string): string {
  const { outputText } = ts.transpileModule(code, {
    compilerOptions: { target: ts.ScriptTarget.ES2023, module: ts.ModuleKind.CommonJS, esModuleInterop: true },
  });
  return `process.exitCode = 13;
(async () => {
${outputText}
})().then(
  () => { if (process.exitCode === 13) process.exitCode = 0; },
  (error) => { console.error(error); process.exitCode = 1; },
);`;
}
