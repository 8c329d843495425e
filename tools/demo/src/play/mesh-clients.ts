import { contractDescriptors, interaction, station } from '@giftmesh/contract';
import { createClient, grpcTransport, type MeshClient } from '@giftmesh/mesh-client';
import { methodPolicies } from '@giftmesh/mesh-policy';
import type { MeshAddresses } from '../mesh-process';

/** Clients of a mesh, over gRPC like everybody's. */
export interface MeshClients {
  readonly interaction: MeshClient<typeof interaction.InteractionServiceService>;
  readonly station: MeshClient<typeof station.PaymentStationServiceService>;
  close(): void;
}

/** Connects with the first call. */
export function meshClients(addresses: MeshAddresses): MeshClients {
  const [toInteraction, toStation] = [
    grpcTransport({ address: addresses.interaction }),
    grpcTransport({ address: addresses.station }),
  ];
  const options = { methodPolicies: methodPolicies(contractDescriptors()) };
  return {
    interaction: createClient(interaction.InteractionServiceService, toInteraction, options),
    station: createClient(station.PaymentStationServiceService, toStation, options),
    close: () => {
      toInteraction.close();
      toStation.close();
    },
  };
}
