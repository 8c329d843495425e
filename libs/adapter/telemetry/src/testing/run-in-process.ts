import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** Lets the process load the sources; types are taken away, not checked. */
const LOAD_SOURCES = `
  const { readFileSync } = require('node:fs');
  const { transformSync } = require('@swc/core');
  require.extensions['.ts'] = (module, filename) => module._compile(
    transformSync(readFileSync(filename, 'utf8'), {
      filename,
      jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
      module: { type: 'commonjs', ignoreDynamic: true },
      swcrc: false,
      configFile: false,
    }).code,
    filename,
  );`;

/**
 * Runs code in a process of its own, with this library as `library`, and resolves with what it printed. For what cannot run inside of
 * the test runner: exporters load Node's modules by `import()`, which the runner's sandbox does not have.
 */
export async function runInProcess(code: string): Promise<string> {
  const script = `${LOAD_SOURCES}
    const library = require(${JSON.stringify(join(__dirname, '../index.ts'))});
    (async () => { ${code} })().catch((error) => { console.error(error); process.exitCode = 1; });`;
  const args = ['--conditions=@giftmesh/source', '--eval', script];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: __dirname, timeout: 15_000 });
  return stdout;
}
