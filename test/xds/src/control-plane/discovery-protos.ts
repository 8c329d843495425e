import { dirname, join } from 'node:path';
import { loadSync } from '@grpc/proto-loader';
import type { ServiceDefinition } from '@grpc/grpc-js';

/** Where Envoy's protos lie: they come with the client, so that both sides have the same. */
const FOLDER = join(dirname(require.resolve('@grpc/grpc-js-xds/package.json')), 'deps');
const ROOTS = ['envoy-api', 'xds', 'googleapis', 'protoc-gen-validate'];
/** The service, and every message that stands in an Any. */
const FILES = [
  'envoy/service/discovery/v3/ads.proto',
  'envoy/config/listener/v3/listener.proto',
  'envoy/config/route/v3/route.proto',
  'envoy/config/cluster/v3/cluster.proto',
  'envoy/config/endpoint/v3/endpoint.proto',
  'envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager.proto',
  'envoy/extensions/filters/http/router/v3/router.proto',
];

/** A request of the aggregated discovery service: a subscription, and the answer to what was sent last. */
export interface DiscoveryRequest {
  readonly version_info: string;
  readonly node: { readonly id: string } | null;
  readonly resource_names: readonly string[];
  readonly type_url: string;
  readonly response_nonce: string;
  readonly error_detail: { readonly message: string } | null;
}

/** The state of the world: all resources of a type that somebody subscribed to. */
export interface DiscoveryResponse {
  readonly version_info: string;
  readonly resources: readonly object[];
  readonly type_url: string;
  readonly nonce: string;
}

/** Loads the aggregated discovery service, with its requests and responses as above. Takes some hundred milliseconds. */
export function loadDiscoveryService(): ServiceDefinition {
  const loaded = loadSync(FILES, {
    keepCase: true,
    longs: String,
    enums: String,
    defaults: true,
    oneofs: true,
    includeDirs: ROOTS.map((root) => join(FOLDER, root)),
  });
  return loaded['envoy.service.discovery.v3.AggregatedDiscoveryService'] as ServiceDefinition;
}
