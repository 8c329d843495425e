import { uuidFromBytes } from '@giftmesh/kernel-ids';
import { DifferenceList, type Anomaly, type Difference } from '@giftmesh/domain-money';
import { auditAccounts, type AuditedAccounts } from './ledger-audit-accounts';
import {
  auditMove,
  auditOrder,
  auditReversal,
  eventsOf,
  MOVES_QUERY,
  ORDERS_QUERY,
  ORDERS_WITHOUT_RECORD_QUERY,
  returnedBy,
  REVERSALS_QUERY,
  REVERSALS_WITHOUT_RECORD_QUERY,
  type AuditedEvent,
} from './ledger-audit-events';
import {
  DIFFERENCES_MAX,
  type LedgerAuditOptions,
  type LedgerAuditProgress,
  type LedgerAuditReport,
} from '@giftmesh/domain-money';
import { ASSET_CODES, wordOf } from './ledger-codes';
import type { MysqlSession, Row } from './mysql-session';

/** Rows between two calls of `onProgress`. */
export const PROGRESS_ROWS = 10_000;

/**
 * Proves that a ledger agrees with itself: accounts with records, events with their legs, orders and reversals with theirs, and the
 * whole with what came in and went out. The session must be in a snapshot: one moment is audited, and the server keeps old versions of rows
 * until the end. Reads the records twice, once sorted by the server, and needs memory for a page of accounts and one user's debits.
 */
export async function auditLedger(session: MysqlSession, options: LedgerAuditOptions = {}): Promise<LedgerAuditReport> {
  return new LedgerAudit(session, options).run();
}

class LedgerAudit {
  readonly #session: MysqlSession;
  readonly #onProgress: (progress: LedgerAuditProgress) => void;
  readonly #found: DifferenceList;
  #events = 0;
  #records = 0;
  #refusals = 0;
  #withdrawn = 0n;

  constructor(session: MysqlSession, options: LedgerAuditOptions) {
    this.#session = session;
    this.#onProgress = options.onProgress ?? (() => undefined);
    this.#found = new DifferenceList(options.differencesMax ?? DIFFERENCES_MAX);
  }

  async run(): Promise<LedgerAuditReport> {
    const audited = await this.#auditAccounts();
    await this.#auditEvents();
    await this.#findLost();
    const [row] = await this.#session.rows<[sum: string]>('SELECT COALESCE(SUM(amount), 0) FROM recharge_order');
    const recharged = BigInt(row?.[0] ?? 0);
    const outside = recharged - this.#withdrawn;
    if (audited.balances !== outside) this.#found.add({ kind: 'conservation', balances: audited.balances, outside });
    const deadLetters = await this.#addDeadLetters();
    const anomalies = await this.#addAnomalies();
    return {
      accounts: audited.accounts,
      events: this.#events,
      records: this.#records,
      differences: this.#found.kept,
      differenceCount: this.#found.count,
      totals: {
        balances: audited.balances,
        recharged,
        withdrawn: this.#withdrawn,
        refusals: this.#refusals,
        deadLetters,
        anomalies,
      },
    };
  }

  async #auditAccounts(): Promise<AuditedAccounts> {
    const counter = this.#counter('accounts');
    const add = (differences: readonly Difference[]): void => this.#found.add(...differences);
    const audited = await auditAccounts(this.#session, (rows) => counter.count(rows), add);
    counter.finish();
    return audited;
  }

  async #auditEvents(): Promise<void> {
    const counter = this.#counter('events');
    const eventsIn = (query: string): AsyncGenerator<AuditedEvent, void> =>
      eventsOf(counter.count(this.#session.stream<Row>(query)));
    for await (const event of eventsIn(MOVES_QUERY)) {
      this.#count(event, 1);
      for (const leg of event.legs) {
        if (leg.outcome !== 'applied') this.#refusals += 1;
        else if (leg.eventType === 'withdrawal') this.#withdrawn -= leg.incr;
      }
      this.#found.add(...auditMove(event));
    }
    for await (const event of eventsIn(ORDERS_QUERY)) {
      this.#count(event, event.legs.length);
      this.#found.add(...auditOrder(event));
    }
    for await (const event of eventsIn(REVERSALS_QUERY)) {
      this.#count(event, 1);
      this.#withdrawn -= returnedBy(event);
      this.#found.add(...auditReversal(event));
    }
    counter.finish();
  }

  #count({ legs }: AuditedEvent, events: number): void {
    this.#events += events;
    this.#records += legs.length;
  }

  /** Orders and reversals that have lost their records. */
  async #findLost(): Promise<void> {
    const counter = this.#counter('orders');
    const orders =
      this.#session.stream<[userId: string, eventId: Buffer, outsideId: Buffer]>(ORDERS_WITHOUT_RECORD_QUERY);
    for await (const [userId, eventId, outsideId] of counter.count(orders))
      this.#found.add({
        kind: 'order',
        problem: 'without_record',
        opUserId: BigInt(userId),
        eventId: uuidFromBytes(eventId),
        outsideTransactionId: outsideId.toString('latin1'),
      });
    const reversals =
      this.#session.stream<[opUserId: string, eventId: Buffer, originalId: Buffer]>(REVERSALS_WITHOUT_RECORD_QUERY);
    for await (const [opUserId, eventId, originalId] of counter.count(reversals))
      this.#found.add({
        kind: 'reversal',
        problem: 'without_record',
        opUserId: BigInt(opUserId),
        eventId: uuidFromBytes(eventId),
        originalEventId: uuidFromBytes(originalId),
      });
    counter.finish();
  }

  async #addDeadLetters(): Promise<number> {
    const rows = this.#session.stream<[id: string, partition: number, offset: string, reason: string]>(
      'SELECT id, log_partition, log_offset, reason FROM dead_letter ORDER BY id',
    );
    let count = 0;
    for await (const [id, partition, offset, reason] of rows) {
      count += 1;
      this.#found.add({ kind: 'dead_letter', id: Number(id), partition, offset: Number(offset), reason });
    }
    return count;
  }

  async #addAnomalies(): Promise<number> {
    const rows = this.#session.stream<
      [kind: Anomaly['kind'], userId: string, asset: number, eventId: Buffer, detail: string]
    >('SELECT kind, user_id, asset_type, event_id, detail FROM anomaly ORDER BY id');
    let count = 0;
    for await (const [anomaly, userId, asset, eventId, detail] of rows) {
      count += 1;
      // A debt is nobody's error.
      if (anomaly === 'spent_after_reversal') continue;
      const account = { userId: BigInt(userId), assetType: wordOf(ASSET_CODES, asset) };
      this.#found.add({ kind: 'anomaly', anomaly, ...account, eventId: uuidFromBytes(eventId), detail });
    }
    return count;
  }

  #counter(stage: LedgerAuditProgress['stage']): {
    count<R extends Row>(rows: AsyncIterable<R>): AsyncGenerator<R, void>;
    finish(): void;
  } {
    const tell = this.#onProgress;
    let seen = 0;
    return {
      async *count(rows) {
        for await (const row of rows) {
          seen += 1;
          if (seen % PROGRESS_ROWS === 0) tell({ stage, rows: seen });
          yield row;
        }
      },
      finish: () => tell({ stage, rows: seen }),
    };
  }
}
