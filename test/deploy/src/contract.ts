import { contractDescriptors } from '@giftmesh/contract';
import { methodPolicies, type MethodPolicy } from '@giftmesh/mesh-policy';

/** The gRPC service of each process, by the name that the process has in a cluster. */
export const SERVICES = {
  interaction: 'giftmesh.interaction.v1.InteractionService',
  'payment-station': 'giftmesh.payment.station.v1.PaymentStationService',
  'payment-da': 'giftmesh.payment.da.v1.PaymentDaService',
} as const;
export type App = keyof typeof SERVICES;

/** All processes. */
export const APPS = Object.keys(SERVICES) as readonly App[];

/** The methods of a process with what their contracts declare, by path. */
export function methodsOf(app: App): ReadonlyMap<string, MethodPolicy> {
  const all = methodPolicies(contractDescriptors());
  return new Map([...all].filter(([path]) => path.startsWith(`/${SERVICES[app]}/`)));
}
