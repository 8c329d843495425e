/** The four kinds of resources that make up a client's configuration, by gRFC A27. */
export const RESOURCE_TYPES = ['listener', 'route', 'cluster', 'endpoint'] as const;
export type ResourceType = (typeof RESOURCE_TYPES)[number];

/** The messages that they are. */
export const MESSAGES: Readonly<Record<ResourceType, string>> = {
  listener: 'envoy.config.listener.v3.Listener',
  route: 'envoy.config.route.v3.RouteConfiguration',
  cluster: 'envoy.config.cluster.v3.Cluster',
  endpoint: 'envoy.config.endpoint.v3.ClusterLoadAssignment',
};

/** How a message is named in an Any. */
export function typeUrl(message: string): string {
  return `type.googleapis.com/${message}`;
}

/** Types whose answers say all that there is: what they leave out is deleted. Of the others only what changed need be sent. */
export const COMPLETE: ReadonlySet<ResourceType> = new Set(['listener', 'cluster']);

/** The type of a request; undefined for one that is none of ours. */
export function resourceTypeOf(url: string): ResourceType | undefined {
  return RESOURCE_TYPES.find((type) => url === typeUrl(MESSAGES[type]));
}

/** A message by the names of its fields in the proto, as protobufjs takes it; `@type` names it. */
export interface Resource {
  readonly '@type': string;
  readonly [field: string]: unknown;
}
