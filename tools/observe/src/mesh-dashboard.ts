import type { DashboardSpec, RowSpec } from './dashboard';

/** Streams last as long as somebody watches: their durations say nothing. */
const UNARY = 'rpc_method!~".*/(WatchRoom|StreamGifts|Watch)"';
const REAL = 'service=~"$service", mesh_stress="false"';

const rate = (series: string): string => `rate(${series}[$__rate_interval])`;
const quantile = (share: number, side: 'server' | 'client'): string =>
  `histogram_quantile(${share}, sum by (le, rpc_method) (${rate(`rpc_${side}_call_duration_seconds_bucket{${REAL}, ${UNARY}}`)}))`;
const state = (policy: string, key: string): string =>
  `mesh_policy_state{service=~"$service", policy="${policy}", key="${key}"}`;
const decisions = (matchers: string): string => rate(`mesh_policy_decisions_total{service=~"$service", ${matchers}}`);

const calls: RowSpec = {
  title: 'Calls: rate, errors, duration',
  panels: [
    {
      title: 'Calls by method',
      description: 'Calls that ended, load tests left out.',
      unit: 'reqps',
      queries: [
        {
          expr: `sum by (service, rpc_method) (${rate(`rpc_server_call_duration_seconds_count{${REAL}}`)})`,
          legend: '{{rpc_method}}',
        },
      ],
    },
    {
      title: 'Errors by method and code',
      description: 'All codes but OK. FAILED_PRECONDITION is most often a viewer without coins: no fault of ours.',
      unit: 'reqps',
      queries: [
        {
          expr: `sum by (rpc_method, rpc_response_status_code) (${rate(`rpc_server_call_duration_seconds_count{${REAL}, rpc_response_status_code!="OK"}`)})`,
          legend: '{{rpc_response_status_code}} {{rpc_method}}',
        },
      ],
    },
    {
      title: 'Duration, 99th percentile',
      description: 'Of unary calls at their server. Buckets double, so it may be off by a factor of two.',
      unit: 's',
      queries: [{ expr: quantile(0.99, 'server'), legend: '{{rpc_method}}' }],
    },
    {
      title: 'Duration, median',
      description: 'Of unary calls at their server.',
      unit: 's',
      queries: [{ expr: quantile(0.5, 'server'), legend: '{{rpc_method}}' }],
    },
    {
      title: 'Outgoing calls, 99th percentile',
      description: 'As the caller sees them: network, retries and balancer included.',
      unit: 's',
      queries: [{ expr: quantile(0.99, 'client'), legend: '{{rpc_method}}' }],
    },
    {
      title: 'Calls under way',
      description: 'Incoming, streams included.',
      unit: 'short',
      queries: [
        {
          expr: 'sum by (service, rpc_method) (rpc_server_active_calls{service=~"$service"})',
          legend: '{{rpc_method}}',
        },
      ],
    },
  ],
};

const overload: RowSpec = {
  title: 'Overload',
  panels: [
    {
      title: 'Admission level, as a business priority',
      description:
        'The least important priority that gets in: 128 is everybody; 40 browsing, 30 entering, 20 gifts, 10 payments. What stands above the line is shed.',
      unit: 'short',
      min: 0,
      max: 128,
      queries: [
        {
          expr: `min by (service, group) (${state('admission', 'level')}) / 128`,
          legend: '{{service}} {{group}}',
        },
      ],
    },
    {
      title: 'Sheds by priority',
      description:
        '40 is browsing, 30 entering, 20 gifts, 10 payments, 127 load tests. 10 and 20 should never be here.',
      unit: 'reqps',
      stacked: true,
      queries: [
        {
          expr: `sum by (server, priority) (${rate('mesh_admission_sheds_total{service=~"$service"}')})`,
          legend: '{{server}} priority {{priority}}',
        },
      ],
    },
    {
      title: 'Refused before they are sent, and by rate limits',
      description: 'Calls that a caller did not make because the server would shed them, and calls above a rate limit.',
      unit: 'reqps',
      queries: [
        {
          expr: `sum by (policy, decision) (${decisions('policy=~"early-shedding|rate-limit", decision=~"shed|limited"')})`,
          legend: '{{policy}} {{decision}}',
        },
      ],
    },
    {
      title: 'Calls that wait for their turn',
      description: 'And those that have it. With an adaptive limit of concurrency, waiting is normal; growth is not.',
      unit: 'short',
      queries: [
        { expr: `sum by (service, group) (${state('admission', 'waiting')})`, legend: 'waiting {{group}}' },
        { expr: `sum by (service, group) (${state('admission', 'running')})`, legend: 'running {{group}}' },
      ],
    },
    {
      title: 'Event-loop delay',
      description: 'How late timers are: every call of the process waits as long, at each of its steps.',
      unit: 's',
      thresholds: [{ above: 0.1, color: 'red' }],
      queries: [
        {
          expr: `max by (service, instance) (${state('admission', 'loopDelayMs')}) / 1000`,
          legend: '{{service}} {{instance}}',
        },
      ],
    },
    {
      title: 'Event loop in use',
      description:
        'Share of time that the loop is active. Above 0.9 the process is at its end, however idle the machine is.',
      unit: 'percentunit',
      min: 0,
      max: 1,
      thresholds: [{ above: 0.9, color: 'red' }],
      queries: [
        {
          expr: `sum by (service, instance) (${rate('nodejs_eventloop_time_seconds_total{service=~"$service", nodejs_eventloop_state="active"}')}) / sum by (service, instance) (${rate('nodejs_eventloop_time_seconds_total{service=~"$service"}')})`,
          legend: '{{service}} {{instance}}',
        },
      ],
    },
  ],
};

const failures: RowSpec = {
  title: 'When something behind fails',
  panels: [
    {
      title: 'Retry budget',
      description:
        'Retries that may still be made now, by target. At 0 nothing is tried again: the fault is no chance.',
      unit: 'short',
      min: 0,
      queries: [
        {
          expr: 'min by (service, key) (mesh_policy_state{service=~"$service", policy="retry", key=~"balance .+"})',
          legend: '{{service}} to {{key}}',
        },
      ],
    },
    {
      title: 'Retries',
      description: 'Tries that were made again, and why others were not.',
      unit: 'reqps',
      queries: [
        { expr: `sum by (service, decision) (${decisions('policy="retry"')})`, legend: '{{service}} {{decision}}' },
      ],
    },
    {
      title: 'Breakers that are not closed',
      description: 'Circuits by state. An open one refuses all calls of its method.',
      unit: 'short',
      min: 0,
      queries: [
        {
          expr: 'sum by (service, key, value) (mesh_policy_mode{service=~"$service", policy="breaker", value=~"open|half-open"})',
          legend: '{{value}} {{service}} {{key}}',
        },
      ],
    },
    {
      title: 'Share of failures that breakers see',
      description: 'By method, as the caller sees it.',
      unit: 'percentunit',
      min: 0,
      max: 1,
      queries: [
        {
          expr: 'max by (service, key) (mesh_policy_state{service=~"$service", policy="breaker", key=~".+errorRatio"})',
          legend: '{{service}} {{key}}',
        },
      ],
    },
    {
      title: 'What breakers do',
      description: 'Calls that they refused, and how often they opened and closed.',
      unit: 'reqps',
      queries: [
        { expr: `sum by (service, decision) (${decisions('policy="breaker"')})`, legend: '{{service}} {{decision}}' },
      ],
    },
    {
      title: 'Services that serve',
      description: 'What processes say of their own health (grpc.health.v1): 1 serves. The least of all instances.',
      unit: 'short',
      min: 0,
      max: 1,
      queries: [
        {
          expr: 'min by (service, rpc_service) (mesh_service_serving{service=~"$service"})',
          legend: '{{rpc_service}}',
        },
      ],
    },
  ],
};

const processes: RowSpec = {
  title: 'Processes',
  panels: [
    {
      title: 'CPU',
      description: 'Cores in use by a process, its threads included.',
      unit: 'short',
      min: 0,
      queries: [
        {
          expr: `sum by (service, instance) (${rate('process_cpu_time_seconds_total{service=~"$service"}')})`,
          legend: '{{service}} {{instance}}',
        },
      ],
    },
    {
      title: 'Memory',
      description: 'Physical memory in use.',
      unit: 'bytes',
      min: 0,
      queries: [{ expr: 'process_memory_usage_bytes{service=~"$service"}', legend: '{{service}} {{instance}}' }],
    },
    {
      title: 'Uptime',
      description: 'A saw of short teeth is a process that ends again and again.',
      unit: 's',
      queries: [{ expr: 'process_uptime_seconds{service=~"$service"}', legend: '{{service}} {{instance}}' }],
    },
  ],
};

/** Calls, overload and failures of all services. */
export const meshDashboard: DashboardSpec = {
  uid: 'giftmesh-mesh',
  title: 'giftmesh: the mesh',
  description: 'Calls of every service, what is shed, and what callers do about failures.',
  byService: true,
  rows: [calls, overload, failures, processes],
};
