import Table from 'cli-table3';

export interface TableOptions {
  readonly head?: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** Columns that are aligned to the right, from 0. */
  readonly right?: readonly number[];
}

/** A table for people, with thin lines and no colours of its own. */
export function table({ head, rows, right = [] }: TableOptions): string {
  const columns = Math.max(head?.length ?? 0, ...rows.map((row) => row.length));
  const out = new Table({
    ...(head === undefined ? {} : { head: [...head] }),
    colAligns: Array.from({ length: columns }, (_, column) => (right.includes(column) ? 'right' : 'left')),
    style: { head: [], border: [], compact: true },
  });
  out.push(...rows.map((row) => [...row]));
  return out.toString();
}
