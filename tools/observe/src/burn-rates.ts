/** A burn rate that is told of, when a long window and a short one agree. */
export interface BurnRate {
  /** How many times as fast as the objective allows the budget of errors is spent. */
  readonly factor: number;
  /** Long enough to matter. */
  readonly long: string;
  /** A twelfth of it: so that the alert ends soon after its cause. */
  readonly short: string;
}

/** Who is told, and how soon. */
export type Severity = 'page' | 'ticket';

/**
 * Windows and factors of the Google SRE workbook, "Alerting on SLOs", section 6 (multiwindow, multi-burn-rate), for an objective of 99.9 % over 30
 * days: 2 % of the budget in an hour or 5 % in six wake somebody up, 10 % in a day or in three days make a ticket.
 */
export const BURN_RATES: Readonly<Record<Severity, readonly BurnRate[]>> = {
  page: [
    { factor: 14.4, long: '1h', short: '5m' },
    { factor: 6, long: '6h', short: '30m' },
  ],
  ticket: [
    { factor: 3, long: '1d', short: '2h' },
    { factor: 1, long: '3d', short: '6h' },
  ],
};

/** Over what the budget is counted. */
export const PERIOD = '30d';

/** Windows that are recorded often, because alerts that wake somebody up look at them. */
export const SHORT_WINDOWS = ['5m', '30m', '1h', '2h', '6h'] as const;
/** Windows that are recorded every five minutes: they can wait, and each look at them is long. */
export const LONG_WINDOWS = ['1d', '3d', PERIOD] as const;
