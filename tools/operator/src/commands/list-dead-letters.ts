import { moneyLogCodec } from '@giftmesh/wire-money';
import { EXIT } from '@giftmesh/adapter-process';
import { SqliteLedgerView } from '@giftmesh/adapter-sqlite';
import type { DataFolder } from '../files/data-folder';
import { table } from '../terminal/table';

/** Dead letters of one answer. */
const LIST_MAX = 1000;

/** Lists what the ledger has parked; the exit code is 1 when there is something. */
export function listDeadLetters(folder: DataFolder, answer: (value: unknown, text: () => string) => void): number {
  const view = new SqliteLedgerView(folder.ledgerPath);
  try {
    const letters = view.deadLetters(LIST_MAX).map((letter) => ({ ...letter, ...eventOf(letter.payload) }));
    answer({ deadLetters: letters }, () =>
      letters.length === 0
        ? `No dead letters in ${folder.path}.`
        : table({
            head: ['id', 'partition', 'offset', 'parked at', 'user', 'event', 'reason'],
            rows: letters.map(({ id, partition, offset, parkedAtMs, opUserId, eventId, reason }) => [
              String(id),
              String(partition),
              String(offset),
              new Date(parkedAtMs).toISOString(),
              opUserId ?? '-',
              eventId ?? 'unreadable',
              reason,
            ]),
          }),
    );
    return letters.length === 0 ? EXIT.OK : 1;
  } finally {
    view.close();
  }
}

/** Whose event it was, as far as that can be read. */
function eventOf(payload: Uint8Array): { readonly opUserId?: string; readonly eventId?: string } {
  try {
    const entry = moneyLogCodec.decode(payload);
    if (entry.kind !== 'event') return {};
    const { opUserId, eventId } = entry.decided.event;
    return { opUserId: String(opUserId), eventId };
  } catch {
    return {};
  }
}
