import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { repositoryRoot } from '@giftmesh/test-harness';

/** What `reconcile --json` says, as far as the tests look at it. */
export interface ReconcileAnswer {
  readonly clean: boolean;
  readonly differenceCount: number;
  readonly differences: readonly unknown[];
  readonly problems: readonly string[];
  readonly ledger: { readonly events: number };
  readonly log: { readonly waiting: number };
  readonly store: { readonly kind: 'compared' | 'skipped' };
}

/** Runs the built command line on a data folder, with the station that works on it if one does. */
export async function reconcile(
  dataFolder: string,
  station?: string,
): Promise<{ readonly code: number | null; readonly report: ReconcileAnswer }> {
  const main = join(repositoryRoot(), 'tools/operator/dist/main.js');
  const args = [
    main,
    'reconcile',
    '--json',
    '--data',
    dataFolder,
    ...(station === undefined ? [] : ['--station', station]),
  ];
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('GIFTMESH_')));
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const)
    child[name].setEncoding('utf8').on('data', (piece: string) => (output[name] += piece));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (output.stdout === '') throw new Error(`reconcile ended with code ${code}: ${output.stderr}`);
  return { code, report: JSON.parse(output.stdout) as ReconcileAnswer };
}

/** The books agree: no difference, no problem, exit code 0. Returns the report. */
export async function expectReconciled(dataFolder: string, station?: string): Promise<ReconcileAnswer> {
  const { code, report } = await reconcile(dataFolder, station);
  expect({ code, ...report }).toMatchObject({
    code: 0,
    clean: true,
    differenceCount: 0,
    differences: [],
    problems: [],
  });
  expect(report.store.kind).toBe(station === undefined ? 'skipped' : 'compared');
  return report;
}
