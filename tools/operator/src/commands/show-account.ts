import { balanceOf, type Counters } from '@giftmesh/domain-money';
import { EXIT } from '@giftmesh/adapter-process';
import { SqliteLedgerView, type RecordedLeg } from '@giftmesh/adapter-sqlite';
import type { DataFolder } from '../files/data-folder';
import type { StationClient } from '../files/station-client';
import { table } from '../terminal/table';

/** Records that are shown. */
const RECORDS_MAX = 20;

export interface ShowAccountOptions {
  readonly folder: DataFolder;
  readonly userId: bigint;
  /** Or why there is none to ask. */
  readonly station: StationClient | string;
  readonly answer: (value: unknown, text: () => string) => void;
}

/** Shows a user's accounts as the ledger and the station's memory have them, and her newest records. */
export async function showAccount({ folder, userId, station, answer }: ShowAccountOptions): Promise<number> {
  const view = new SqliteLedgerView(folder.ledgerPath);
  try {
    const ledger = view.accountsOf([userId]);
    const records = view.legsOf(userId, RECORDS_MAX);
    const memory = typeof station === 'string' ? undefined : await station.cached([userId]);
    const places = [
      ...ledger.map((account) => ['ledger', account] as const),
      ...(memory ?? []).map((account) => ['memory', account] as const),
    ];
    answer({ userId, ledger, memory: memory ?? null, records }, () =>
      [
        places.length === 0 ? `User ${userId} has no account.` : accountTable(places),
        ...(typeof station === 'string' ? [`Memory: ${station}.`] : []),
        ...(records.length === 0 ? [] : [recordTable(records)]),
      ].join('\n\n'),
    );
    return EXIT.OK;
  } finally {
    view.close();
  }
}

function accountTable(places: readonly (readonly [string, Counters])[]): string {
  return table({
    head: ['in', 'asset', 'balance', 'credited', 'reversed', 'debited', 'debits'],
    right: [2, 3, 4, 5, 6],
    rows: places.map(([place, account]) => [
      place,
      account.assetType,
      ...[balanceOf(account), account.credited, account.reversed, account.debited, account.seq].map((value) =>
        value.toLocaleString('en-US'),
      ),
    ]),
  });
}

function recordTable(records: readonly RecordedLeg[]): string {
  return table({
    head: ['event', 'what', 'amount', 'of', 'with', 'in the ledger since'],
    right: [2],
    rows: records.map(
      ({ eventId, eventType, outcome, incr, assetType, objId, quantity, counterpartUserId, appliedAtMs }) => [
        eventId,
        outcome === 'applied' ? eventType : `${eventType}, refused`,
        `${incr.toLocaleString('en-US')} ${assetType}`,
        quantity > 0 ? `${objId} x${quantity}` : objId,
        counterpartUserId === 0n ? '-' : String(counterpartUserId),
        new Date(appliedAtMs).toISOString(),
      ],
    ),
  });
}
