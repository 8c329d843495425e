import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { repositoryRoot } from '@giftmesh/test-harness';

/** How the operator's command line has ended. */
export interface OperatorAnswer {
  readonly code: number | null;
  /** What it said with `--json`. */
  readonly report: unknown;
}

/** Runs the built command line, with `--json` among its arguments, in an environment of `settings`. Rejects when it says nothing. */
export async function runOperator(
  settings: Readonly<Record<string, string>>,
  ...args: readonly string[]
): Promise<OperatorAnswer> {
  const main = join(repositoryRoot(), 'tools/operator/dist/main.js');
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('GIFTMESH_')));
  const child = spawn(process.execPath, [main, ...args], {
    env: { ...env, ...settings },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const)
    child[name].setEncoding('utf8').on('data', (piece: string) => (output[name] += piece));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (output.stdout === '') throw new Error(`${args.join(' ')} ended with code ${code}: ${output.stderr}`);
  return { code, report: JSON.parse(output.stdout) };
}
