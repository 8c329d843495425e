import type { Settings } from './settings';

/** Where the services listen, `host:port`. */
export interface Addresses {
  readonly interaction: string;
  readonly station: string;
  readonly da: string;
}

/** Says on stdout that the mesh serves: a JSON line for programs, or what people want to know next. */
export function announceReady(config: Settings, addresses: Addresses): void {
  if (config.GIFTMESH_READY_JSON) {
    console.log(JSON.stringify({ ready: true, ...addresses }));
    return;
  }
  console.log(`giftmesh serves (data in ${config.GIFTMESH_DATA_DIR}):

  interaction      ${addresses.interaction}   giftmesh.interaction.v1.InteractionService
  payment-station  ${addresses.station}   giftmesh.payment.station.v1.PaymentStationService
  payment-da       ${addresses.da}   giftmesh.payment.da.v1.PaymentDaService

Look around with any gRPC client that knows reflection:

  grpcurl -plaintext ${addresses.interaction} list
  grpcurl -plaintext -d '{"room_id": 1}' ${addresses.interaction} giftmesh.interaction.v1.InteractionService/EnterRoom

Stop with Ctrl+C.`);
}
