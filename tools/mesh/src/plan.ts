/** A service, in the order in which they are started: each calls the ones before it. */
export const SERVICES = ['payment-da', 'payment-station', 'interaction'] as const;
export type ServiceName = (typeof SERVICES)[number];

/** Where servers are, by the variables that say so (`GIFTMESH_REDIS_URL`). */
export type ServerUrls = Readonly<Record<string, string>>;

/** One process of the mesh. */
export interface PlannedProcess {
  /** `payment-station-2`. */
  readonly name: string;
  readonly service: ServiceName;
  /** What it is told, but for where others listen. */
  readonly environment: Readonly<Record<string, string>>;
}

/** Where a service's port stands behind the first interaction's. */
const PORT_OFFSET: Readonly<Record<ServiceName, number>> = { interaction: 0, 'payment-station': 1, 'payment-da': 2 };
/** From one instance of a service to the next. */
const INSTANCE_STEP = 10;
const PORT_SETTING: Readonly<Record<ServiceName, string>> = {
  interaction: 'GIFTMESH_INTERACTION_PORT',
  'payment-station': 'GIFTMESH_STATION_PORT',
  'payment-da': 'GIFTMESH_DA_PORT',
};
/** The servers that each service works on; it refuses to be told of others. */
const SERVERS_OF: Readonly<Record<ServiceName, readonly string[]>> = {
  'payment-da': ['GIFTMESH_KAFKA_BROKERS', 'GIFTMESH_MYSQL_URL', 'GIFTMESH_REDIS_URL'],
  'payment-station': ['GIFTMESH_KAFKA_BROKERS', 'GIFTMESH_REDIS_URL'],
  interaction: ['GIFTMESH_KAFKA_BROKERS', 'GIFTMESH_MYSQL_URL'],
};
/** How a service is told where the ones that it calls listen. */
const CALLS: Readonly<Record<ServiceName, { readonly setting: string; readonly service: ServiceName } | undefined>> = {
  interaction: { setting: 'GIFTMESH_STATION_ADDRESS', service: 'payment-station' },
  'payment-station': { setting: 'GIFTMESH_DA_ADDRESS', service: 'payment-da' },
  'payment-da': undefined,
};

export interface PlanOptions {
  readonly instances: number;
  /** 0 takes free ports. */
  readonly basePort: number;
  readonly servers: ServerUrls;
  /** The folder that a process may write in. */
  readonly folderOf: (name: string) => string;
}

/** All processes of a mesh, in the order in which they are started. */
export function planMesh({ instances, basePort, servers, folderOf }: PlanOptions): PlannedProcess[] {
  return SERVICES.flatMap((service) =>
    Array.from({ length: instances }, (_, index) => {
      const name = `${service}-${index + 1}`;
      const port = basePort === 0 ? 0 : basePort + PORT_OFFSET[service] + index * INSTANCE_STEP;
      return {
        name,
        service,
        environment: {
          ...Object.fromEntries(Object.entries(servers).filter(([variable]) => SERVERS_OF[service].includes(variable))),
          GIFTMESH_STORES: 'servers',
          GIFTMESH_DATA_DIR: folderOf(name),
          [PORT_SETTING[service]]: String(port),
        },
      };
    }),
  );
}

/** How a process is told where the others are: all instances of the service that it calls, as one target of gRPC. */
export function addressesFor(
  service: ServiceName,
  addressesOf: (service: ServiceName) => readonly string[],
): Readonly<Record<string, string>> {
  const call = CALLS[service];
  return call === undefined ? {} : { [call.setting]: `ipv4:${addressesOf(call.service).join(',')}` };
}
