import { runOperator } from './operator';

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
  const named = station === undefined ? [] : ['--station', station];
  const { code, report } = await runOperator({}, 'reconcile', '--json', '--data', dataFolder, ...named);
  return { code, report: report as ReconcileAnswer };
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
