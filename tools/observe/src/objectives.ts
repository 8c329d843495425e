/** A promise about a share of things that are to go well, measured over 30 days. */
export interface Objective {
  /** Label `slo` of its series. */
  readonly slo: string;
  /** Part of the names of its alerts: `SendGift`. */
  readonly name: string;
  /** In words, what is promised. */
  readonly promise: string;
  /** The share that is to go well: 0.999. */
  readonly target: number;
  /** PromQL of the share that went wrong, over a window such as `1h`. */
  readonly errorRatio: (window: string) => string;
}

/** Codes that say that we failed; the others are answers, or the caller's own doing. */
export const FAILURE_CODES = [
  'UNKNOWN',
  'DEADLINE_EXCEEDED',
  'RESOURCE_EXHAUSTED',
  'ABORTED',
  'UNIMPLEMENTED',
  'INTERNAL',
  'UNAVAILABLE',
  'DATA_LOSS',
] as const;

const SEND_GIFT =
  'rpc_server_call_duration_seconds_count{rpc_method="giftmesh.interaction.v1.InteractionService/SendGift", mesh_stress="false"';
/** In seconds; a bound of the histogram. */
export const SETTLE_WITHIN_S = 10;
/** Prometheus 3 writes bounds as 10.0, those before as they come. */
const LE = `le=~"${SETTLE_WITHIN_S}([.]0)?"`;

/** All that is promised. */
export const OBJECTIVES: readonly Objective[] = [
  {
    slo: 'send-gift',
    name: 'SendGift',
    promise: '99.9 % of SendGift calls get an answer that is no failure of ours, over 30 days',
    target: 0.999,
    // Without failures there is no series of them: that is 0, not nothing.
    errorRatio: (window) =>
      `(sum(rate(${SEND_GIFT}, rpc_response_status_code=~"${FAILURE_CODES.join('|')}"}[${window}])) or vector(0)) / sum(rate(${SEND_GIFT}}[${window}]))`,
  },
  {
    slo: 'settle-lag',
    name: 'SettleLag',
    promise: `99.9 % of decisions are in the ledger within ${SETTLE_WITHIN_S} seconds, over 30 days`,
    target: 0.999,
    errorRatio: (window) =>
      `1 - sum(rate(da_settle_lag_seconds_bucket{${LE}}[${window}])) / sum(rate(da_settle_lag_seconds_count[${window}]))`,
  },
];
