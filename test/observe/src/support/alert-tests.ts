import { stringify } from 'yaml';

interface AlertTest {
  readonly name: string;
  /** Series and their values, in promtool's words: `0+10x60` begins at 0 and adds 10 each minute, 60 times. */
  readonly series: Readonly<Record<string, string>>;
  readonly at: string;
  /** Alerts that must fire then, with their labels; of those that are named none else may. */
  readonly fires: Readonly<Record<string, readonly Readonly<Record<string, string>>[]>>;
}

const SEND_GIFT = 'rpc_method="giftmesh.interaction.v1.InteractionService/SendGift",mesh_stress="false"';
const calls = (code: string): string =>
  `rpc_server_call_duration_seconds_count{${SEND_GIFT},rpc_response_status_code="${code}"}`;
const PAGE = { severity: 'page' };
const TICKET = { severity: 'ticket' };

/** One for each way in which alerts come and go. */
const TESTS: readonly AlertTest[] = [
  {
    name: 'a quiet mesh',
    series: {
      [calls('OK')]: '0+600x120',
      [calls('FAILED_PRECONDITION')]: '0+60x120',
      'da_settle_lag_seconds_bucket{le="10"}': '0+600x120',
      da_settle_lag_seconds_count: '0+600x120',
      da_log_lag: '0x120',
      'process_uptime_seconds{service="payment-da"}': '0+60x120',
    },
    at: '2h',
    fires: {
      GiftmeshSendGiftBudgetBurnsFast: [],
      GiftmeshSendGiftBudgetBurnsSlowly: [],
      GiftmeshSettleLagBudgetBurnsFast: [],
      GiftmeshLogLagUnknown: [],
      GiftmeshBooksDiffer: [],
    },
  },
  {
    // 2 % fail, 20 times what may: 14.4 is enough.
    name: 'a mesh that fails fast',
    series: { [calls('OK')]: '0+980x120', [calls('UNAVAILABLE')]: '0+20x120' },
    at: '2h',
    fires: { GiftmeshSendGiftBudgetBurnsFast: [{ ...PAGE, slo: 'send-gift' }] },
  },
  {
    name: 'a mesh that has failed and works again: the short windows end the alert',
    series: { [calls('OK')]: '0+980x60 58800+1000x60', [calls('UNAVAILABLE')]: '0+20x60 1200x60' },
    at: '2h',
    fires: { GiftmeshSendGiftBudgetBurnsFast: [] },
  },
  {
    name: 'a ledger that is slow, with bounds as Prometheus 3 writes them',
    series: {
      'da_settle_lag_seconds_bucket{le="10.0"}': '0+900x120',
      da_settle_lag_seconds_count: '0+1000x120',
    },
    at: '2h',
    fires: { GiftmeshSettleLagBudgetBurnsFast: [{ ...PAGE, slo: 'settle-lag' }] },
  },
  {
    name: 'a DA that can not tell its lag',
    series: { 'process_uptime_seconds{service="payment-da"}': '0+60x20' },
    at: '15m',
    fires: { GiftmeshLogLagUnknown: [PAGE] },
  },
  {
    name: 'letters, differences, and a station whose log is away',
    series: {
      'da_dead_letters_waiting{reason="rejected"}': '1x20',
      'da_dead_letters_waiting{reason="malformed"}': '0x20',
      da_audit_differences: '2x20',
      'station_log_failures{service="payment-station",instance="a"}': '3x20',
      station_outbox_age_seconds: '0+60x20',
    },
    at: '15m',
    fires: {
      GiftmeshDeadLetters: [{ ...PAGE, reason: 'rejected' }],
      GiftmeshBooksDiffer: [PAGE],
      GiftmeshLogAppendsFail: [{ ...PAGE, service: 'payment-station', instance: 'a' }],
      GiftmeshOutboxOld: [PAGE],
    },
  },
  {
    name: 'sheds: browsing is no reason to wake anybody up, gifts are',
    series: {
      'mesh_admission_sheds_total{server="interaction",priority="40"}': '0+6000x20',
      'mesh_admission_sheds_total{server="interaction",priority="20"}': '0x20',
      'mesh_admission_sheds_total{server="payment-station",priority="20"}': '0+60x20',
    },
    at: '15m',
    fires: { GiftmeshShedsMoney: [{ ...PAGE, server: 'payment-station' }] },
  },
  {
    // After half an hour: 23.5 h left of a day, 5 h, 1.5 h.
    name: 'certificates: one is new, one is not renewed, one expires',
    series: {
      'mesh_tls_certificate_expiry_seconds{instance="new"}': '86400x30',
      'mesh_tls_certificate_expiry_seconds{instance="old"}': '19800x30',
      'mesh_tls_certificate_expiry_seconds{instance="last"}': '7200x30',
      ...Object.fromEntries(
        ['new', 'old', 'last'].map((name) => [`mesh_tls_certificate_validity_seconds{instance="${name}"}`, '86400x30']),
      ),
    },
    at: '30m',
    fires: {
      GiftmeshCertificateNotRenewed: [
        { ...TICKET, instance: 'old' },
        { ...TICKET, instance: 'last' },
      ],
      GiftmeshCertificateExpires: [{ ...PAGE, instance: 'last' }],
    },
  },
  {
    name: 'an open breaker, a late loop, a target that is gone, nobody who serves',
    series: {
      'mesh_policy_mode{policy="breaker",value="open",service="payment-station",instance="a",key="/x/Y"}': '1x30',
      'mesh_policy_state{policy="admission",key="loopDelayMs",service="interaction",instance="b"}': '250x30',
      'mesh_policy_state{policy="admission",key="level",service="interaction",group="server interaction"}': '5120x30',
      'mesh_policy_state{policy="retry",key="balance x.Y",service="interaction",instance="b"}': '0.4x30',
      'up{job="payment-da",instance="c"}': '0x30',
      'mesh_service_serving{rpc_service="x.Y",instance="b"}': '0x30',
      'mesh_service_serving{rpc_service="x.Z",instance="a"}': '0x30',
      'mesh_service_serving{rpc_service="x.Z",instance="b"}': '1x30',
    },
    at: '30m',
    fires: {
      GiftmeshBreakerOpen: [{ ...TICKET, service: 'payment-station', instance: 'a', key: '/x/Y' }],
      GiftmeshEventLoopSlow: [{ ...TICKET, service: 'interaction', instance: 'b' }],
      GiftmeshOverloaded: [{ ...TICKET, service: 'interaction', group: 'server interaction' }],
      GiftmeshRetryBudgetEmpty: [{ ...TICKET, service: 'interaction', instance: 'b', key: 'balance x.Y' }],
      GiftmeshTargetDown: [{ ...TICKET, job: 'payment-da', instance: 'c' }],
      GiftmeshNotServing: [{ ...PAGE, rpc_service: 'x.Y' }],
    },
  },
];

/** What `promtool test rules` runs. Words of alerts are not compared: they are for people. */
export function alertTests(): string {
  return stringify({
    rule_files: ['rules/money.yml', 'rules/mesh.yml', 'rules/slo.yml'],
    evaluation_interval: '1m',
    tests: TESTS.map(({ name, series, at, fires }) => ({
      name,
      interval: '1m',
      input_series: Object.entries(series).map(([of, values]) => ({ series: of, values })),
      promql_expr_test: Object.entries(fires).map(([alertname, alerts]) => ({
        expr: `ALERTS{alertname="${alertname}", alertstate="firing"}`,
        eval_time: at,
        exp_samples: alerts.map((labels) => ({ labels: labelsText({ alertname, ...labels }), value: 1 })),
      })),
    })),
  });
}

function labelsText(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries({ ...labels, alertstate: 'firing' });
  return `ALERTS{${pairs.map(([label, value]) => `${label}=${JSON.stringify(value)}`).join(', ')}}`;
}
