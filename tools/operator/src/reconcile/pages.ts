import type { LedgerLook } from '../stores';

/** Values in pages of at most `size`. */
export function pagesOf<T>(values: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(values.length / size) }, (_, page) =>
    values.slice(page * size, (page + 1) * size),
  );
}

/** All users of the ledger, and then those of `waiting` whose first events are still on their way. */
export async function* usersOfLedger(
  ledger: Pick<LedgerLook, 'usersAfter'>,
  waiting: () => Iterable<bigint>,
  size: number,
): AsyncGenerator<readonly bigint[]> {
  const left = new Set(waiting());
  for (let last = 0n; ;) {
    const page = await ledger.usersAfter(last, size);
    if (page.length === 0) break;
    yield page;
    for (const userId of page) left.delete(userId);
    last = page.at(-1) as bigint;
  }
  yield* pagesOf([...left], size);
}
