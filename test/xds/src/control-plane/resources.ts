import { MESSAGES, typeUrl, type Resource } from './resource-types';

const ROUTER = 'envoy.extensions.filters.http.router.v3.Router';
const CONNECTION_MANAGER = 'envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager';
/** Resources of a resource come over the same stream. */
const FROM_HERE = { ads: {}, resource_api_version: 'V3' };

/** One row of a route table; the first that matches is taken. */
export interface Route {
  /** What the method's path begins with. Default all. */
  readonly prefix?: string;
  /** Headers that a call must have, by name: the whole value, as RE2 takes it. Default none. */
  readonly headers?: Readonly<Record<string, string>>;
  /** The cluster, or several with their weights. */
  readonly to: string | Readonly<Record<string, number>>;
  /** The header whose value says which endpoint of a ring is taken. Default none: any. */
  readonly hashBy?: string;
  /** The most time that a call has, milliseconds. Default what its caller gives. */
  readonly timeoutMs?: number;
}

/** What is asked for by `xds:///NAME`: a listener that says where its routes are. */
export function listener(name: string, routes = name): Resource {
  return {
    '@type': typeUrl(MESSAGES.listener),
    name,
    api_listener: {
      api_listener: {
        '@type': typeUrl(CONNECTION_MANAGER),
        rds: { config_source: FROM_HERE, route_config_name: routes },
        http_filters: [{ name: 'router', typed_config: { '@type': typeUrl(ROUTER) } }],
      },
    },
  };
}

/** A route table for all domains. */
export function routes(name: string, ...table: readonly Route[]): Resource {
  return {
    '@type': typeUrl(MESSAGES.route),
    name,
    virtual_hosts: [{ name, domains: ['*'], routes: table.map(routeOf) }],
  };
}

function routeOf({ prefix = '', headers = {}, to, hashBy, timeoutMs }: Route): object {
  return {
    match: {
      prefix,
      headers: Object.entries(headers).map(([name, regex]) => ({
        name,
        string_match: { safe_regex: { google_re2: {}, regex } },
      })),
    },
    route: {
      ...(typeof to === 'string'
        ? { cluster: to }
        : {
            weighted_clusters: {
              clusters: Object.entries(to).map(([name, weight]) => ({ name, weight: { value: weight } })),
            },
          }),
      ...(hashBy === undefined ? {} : { hash_policy: [{ header: { header_name: hashBy } }] }),
      ...(timeoutMs === undefined ? {} : { max_stream_duration: { max_stream_duration: durationOf(timeoutMs) } }),
    },
  };
}

/** When an endpoint is left alone: gRFC A50's failure percentage. */
export interface Outliers {
  /** How often they are looked for, milliseconds. */
  readonly intervalMs: number;
  /** How long one is left alone the first time, milliseconds. */
  readonly ejectionMs: number;
  /** The share of failed calls from which on, percent. */
  readonly failuresPercent: number;
  /** Calls within an interval without which an endpoint is not judged. */
  readonly callsMin: number;
}

export interface ClusterOptions {
  /** How calls are spread. Default in turn. */
  readonly policy?: 'ROUND_ROBIN' | 'RING_HASH';
  /** Points of a ring, shared by its endpoints. Default 1,024. */
  readonly ringSizeMin?: number;
  /** Default nobody is left alone. */
  readonly outliers?: Outliers;
  /** The most calls at a time. Default 1,024, as gRFC A32 says. */
  readonly callsMax?: number;
}

/** A set of endpoints that are alike. */
export function cluster(name: string, options: ClusterOptions = {}): Resource {
  const { policy = 'ROUND_ROBIN', ringSizeMin = 1_024, outliers, callsMax } = options;
  return {
    '@type': typeUrl(MESSAGES.cluster),
    name,
    type: 'EDS',
    eds_cluster_config: { eds_config: FROM_HERE, service_name: name },
    lb_policy: policy,
    ...(policy === 'RING_HASH'
      ? { ring_hash_lb_config: { hash_function: 'XX_HASH', minimum_ring_size: { value: ringSizeMin } } }
      : {}),
    ...(outliers === undefined ? {} : { outlier_detection: outliersOf(outliers) }),
    ...(callsMax === undefined
      ? {}
      : { circuit_breakers: { thresholds: [{ priority: 'DEFAULT', max_requests: { value: callsMax } }] } }),
  };
}

function outliersOf({ intervalMs, ejectionMs, failuresPercent, callsMin }: Outliers): object {
  return {
    interval: durationOf(intervalMs),
    base_ejection_time: durationOf(ejectionMs),
    max_ejection_time: durationOf(ejectionMs),
    max_ejection_percent: { value: 50 },
    enforcing_success_rate: { value: 0 },
    enforcing_failure_percentage: { value: 100 },
    failure_percentage_threshold: { value: failuresPercent },
    failure_percentage_minimum_hosts: { value: 2 },
    failure_percentage_request_volume: { value: callsMin },
  };
}

/** The endpoints of a cluster, `host:port` each. */
export function endpoints(clusterName: string, ...addresses: readonly string[]): Resource {
  return {
    '@type': typeUrl(MESSAGES.endpoint),
    cluster_name: clusterName,
    endpoints: [
      {
        locality: { region: 'test', zone: 'a', sub_zone: '' },
        load_balancing_weight: { value: 1 },
        priority: 0,
        lb_endpoints: addresses.map((address) => ({ endpoint: { address: { socket_address: socketOf(address) } } })),
      },
    ],
  };
}

function socketOf(address: string): object {
  const [host, port] = address.split(':');
  return { protocol: 'TCP', address: host, port_value: Number(port) };
}

function durationOf(ms: number): object {
  return { seconds: Math.floor(ms / 1_000), nanos: (ms % 1_000) * 1_000_000 };
}
