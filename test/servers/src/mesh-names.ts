/** A service of the mesh. */
export type ServiceName = 'da' | 'station' | 'interaction';

/** The first process of a service, or the second. */
export type Instance = 0 | 1;

/** Both processes of a service. */
export const INSTANCES = [0, 1] as const;

/** As the services name themselves. */
export const SERVICE_NAMES: Readonly<Record<ServiceName, string>> = {
  interaction: 'giftmesh.interaction.v1.InteractionService',
  station: 'giftmesh.payment.station.v1.PaymentStationService',
  da: 'giftmesh.payment.da.v1.PaymentDaService',
};

/** Services, callees first. */
export const SERVICES = ['da', 'station', 'interaction'] as const;
