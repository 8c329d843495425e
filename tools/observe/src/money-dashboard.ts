import { LONG_WINDOWS, PERIOD } from './burn-rates';
import type { DashboardSpec, RowSpec } from './dashboard';
import { OBJECTIVES, SETTLE_WITHIN_S } from './objectives';
import type { PanelSpec } from './panel';
import { budgetOf, recordName } from './slo-rules';

const rate = (series: string): string => `rate(${series}[$__rate_interval])`;
const lag = (share: number): string =>
  `histogram_quantile(${share}, sum by (le) (${rate('da_settle_lag_seconds_bucket')}))`;

const promises: RowSpec = {
  title: 'Promises',
  panels: [
    ...OBJECTIVES.map(({ slo, promise, target }): PanelSpec => {
      return {
        title: `Budget left: ${slo}`,
        description: `${promise}. 1 is all of the budget of errors, 0 is nothing, below 0 the promise is broken.`,
        kind: 'stat',
        unit: 'percentunit',
        width: 6,
        thresholds: [],
        queries: [{ expr: `1 - ${recordName(PERIOD)}{slo="${slo}"} / ${budgetOf(target)}`, legend: 'left of 30 days' }],
      };
    }),
    {
      title: 'Burn rates',
      description:
        'How many times as fast as allowed the budget is spent. Above 14.4 for an hour, or 6 for six hours, somebody is woken up; above 1 for three days it is a ticket.',
      unit: 'short',
      width: 12,
      thresholds: [{ above: 14.4, color: 'red' }],
      queries: [
        ...OBJECTIVES.flatMap(({ slo, target }) =>
          ['1h', '6h', LONG_WINDOWS[1]].map((window) => ({
            expr: `${recordName(window)}{slo="${slo}"} / ${budgetOf(target)}`,
            legend: `${slo} over ${window}`,
          })),
        ),
      ],
    },
  ],
};

const gifts: RowSpec = {
  title: 'Gifts',
  panels: [
    {
      title: 'Gifts by outcome',
      description: 'As interaction answered them, streams of gifts included.',
      unit: 'reqps',
      stacked: true,
      queries: [{ expr: `sum by (outcome) (${rate('interaction_gifts_total')})`, legend: '{{outcome}}' }],
    },
    {
      title: 'Refused gifts by reason',
      description: 'INSUFFICIENT_BALANCE is a viewer without coins. QUEUE_FULL and OUTCOME_UNKNOWN are ours.',
      unit: 'reqps',
      queries: [
        { expr: `sum by (reason) (${rate('interaction_gifts_total{outcome="refused"}')})`, legend: '{{reason}}' },
      ],
    },
    {
      title: 'Coins that streamers get',
      description: 'Coins a second, as they are counted for rankings.',
      unit: 'short',
      queries: [{ expr: `sum(${rate('interaction_earnings_total')})`, legend: 'coins a second' }],
    },
    {
      title: 'Decisions of the station',
      description: 'Events that stations answered. Unknown ones are sent again by their callers.',
      unit: 'reqps',
      stacked: true,
      queries: [{ expr: `sum by (outcome) (${rate('station_events_total')})`, legend: '{{outcome}}' }],
    },
    {
      title: 'Settled events',
      description:
        'What came into the ledger. Fenced ones were decided by a store that had lost its memory, and never counted.',
      unit: 'reqps',
      stacked: true,
      queries: [{ expr: `sum by (outcome) (${rate('da_events_total')})`, legend: '{{outcome}}' }],
    },
    {
      title: 'Events in a transaction',
      description: 'How many events share one commit of the ledger: more under load.',
      unit: 'short',
      queries: [
        { expr: `sum(${rate('da_events_total')}) / sum(${rate('da_batches_total')})`, legend: 'events a transaction' },
      ],
    },
  ],
};

const settling: RowSpec = {
  title: 'On the way to the ledger',
  panels: [
    {
      title: 'Settle lag',
      description: `From the station's decision to the ledger's commit. Promised: ${SETTLE_WITHIN_S} s for 99.9 %.`,
      unit: 's',
      thresholds: [{ above: SETTLE_WITHIN_S, color: 'red' }],
      queries: [
        { expr: lag(0.5), legend: 'median' },
        { expr: lag(0.99), legend: '99 %' },
        { expr: lag(0.999), legend: '99.9 %' },
      ],
    },
    {
      title: 'Records behind the ledger',
      description: 'What stands in the log and not in the ledger. The same from every instance.',
      unit: 'short',
      min: 0,
      queries: [{ expr: 'max(da_log_lag)', legend: 'records' }],
    },
    {
      title: 'Outbox: age of the oldest',
      description:
        'Decisions whose settled notice has not come. 0 for none above 3 s; stations that share a store tell the same.',
      unit: 's',
      min: 0,
      thresholds: [{ above: 60, color: 'red' }],
      queries: [{ expr: 'max(station_outbox_age_seconds)', legend: 'age' }],
    },
    {
      title: 'Outbox: entries',
      description: 'Grows while log or ledger is away. Past its limit debits are refused.',
      unit: 'short',
      min: 0,
      queries: [{ expr: 'max(station_outbox_entries)', legend: 'entries' }],
    },
    {
      title: 'Log: on the way, failures',
      description: 'Decisions that wait to be durable, and appends that failed since one worked.',
      unit: 'short',
      min: 0,
      queries: [
        { expr: 'sum by (instance) (station_log_pending)', legend: 'on the way {{instance}}' },
        { expr: 'max by (instance) (station_log_failures)', legend: 'failures {{instance}}' },
      ],
    },
    {
      title: 'Healing',
      description: 'Entries that sweepers appended again, notices that were dropped, and stores that were recovered.',
      unit: 'short',
      queries: [
        { expr: `sum(${rate('station_outbox_appended_again_total')})`, legend: 'appended again a second' },
        { expr: `sum(${rate('station_notices_dropped_total')})`, legend: 'notices dropped a second' },
        { expr: `sum(${rate('station_store_recoveries_total')})`, legend: 'recoveries a second' },
        { expr: 'sum(station_store_recovering)', legend: 'recovering now' },
      ],
    },
  ],
};

const books: RowSpec = {
  title: 'The books',
  panels: [
    {
      title: 'Dead letters that wait',
      description: 'Events that the ledger could not apply. Their payers have paid. Must be 0.',
      unit: 'short',
      min: 0,
      thresholds: [{ above: 1, color: 'red' }],
      queries: [{ expr: 'max by (reason) (da_dead_letters_waiting)', legend: '{{reason}}' }],
    },
    {
      title: 'Parked',
      description: 'Events that became dead letters, a second.',
      unit: 'reqps',
      queries: [{ expr: `sum by (reason) (${rate('da_dead_letters_parked_total')})`, legend: '{{reason}}' }],
    },
    {
      title: 'Differences',
      description:
        'That the last audit of the ledger found. Must be 0. Store and ledger are compared by the reconcile job.',
      kind: 'stat',
      unit: 'short',
      width: 4,
      thresholds: [{ above: 1, color: 'red' }],
      queries: [{ expr: 'max(da_audit_differences)', legend: 'differences' }],
    },
    {
      title: 'Last audit',
      description: 'How long ago an audit of the ledger came to its end.',
      kind: 'stat',
      unit: 's',
      width: 4,
      thresholds: [{ above: 10_800, color: 'red' }],
      queries: [{ expr: 'time() - max(da_audit_last_success_seconds)', legend: 'ago' }],
    },
    {
      title: 'Audits that failed',
      description: 'The ledger was away or is damaged.',
      unit: 'short',
      width: 8,
      queries: [{ expr: 'sum(increase(da_audit_failures_total[1h]))', legend: 'in an hour' }],
    },
    {
      title: 'Rankings and points',
      description: 'Events as they are counted. Lost ones were dropped by the log before anybody counted them.',
      unit: 'reqps',
      queries: [{ expr: `sum by (outcome) (${rate('interaction_feed_events_total')})`, legend: '{{outcome}}' }],
    },
    {
      title: 'Writes of rankings that failed, scores that wait',
      description: 'No money: what is shown is late while this grows.',
      unit: 'short',
      queries: [
        { expr: `sum(${rate('interaction_feed_write_failures_total')})`, legend: 'failures a second' },
        { expr: 'sum(interaction_feed_scores_pending)', legend: 'scores that wait' },
      ],
    },
  ],
};

/** Promises, gifts, and their way into the books. */
export const moneyDashboard: DashboardSpec = {
  uid: 'giftmesh-money',
  title: 'giftmesh: the money',
  description: 'What is promised, gifts, their way into the ledger, and whether the books agree.',
  rows: [promises, gifts, settling, books],
};
