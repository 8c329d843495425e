// Stands in for the standalone mesh in the tests of the benchmarks: the same settings, ready line and methods, no money.
import { interaction, station } from '@giftmesh/contract';
import {
  Server,
  ServerCredentials,
  status,
  type ServerDuplexStream,
  type ServerUnaryCall,
  type sendUnaryData,
} from '@grpc/grpc-js';

const recharged = new Set<bigint>();

function ok({ eventId }: interaction.SendGiftRequest): interaction.SendGiftResponse {
  return { eventId, balance: 1n, coins: 1n, comboCount: 0, duplicate: false };
}

const { sendGift, streamGifts } = interaction.InteractionServiceService;
const interactionServer = new Server();
interactionServer.addService(
  { sendGift, streamGifts },
  {
    sendGift: (
      { request }: ServerUnaryCall<interaction.SendGiftRequest, interaction.SendGiftResponse>,
      done: sendUnaryData<interaction.SendGiftResponse>,
    ) => (recharged.has(request.viewerId) ? done(null, ok(request)) : done({ code: status.FAILED_PRECONDITION })),
    streamGifts: (stream: ServerDuplexStream<interaction.StreamGiftsRequest, interaction.StreamGiftsResponse>) => {
      stream.on('data', ({ gifts }: interaction.StreamGiftsRequest) => {
        stream.write({
          results: gifts.map((gift) => ({ eventId: gift.eventId, result: { $case: 'ok', value: ok(gift) } })),
        });
      });
      stream.on('end', () => stream.end());
    },
  },
);
const { applyOrder } = station.PaymentStationServiceService;
const stationServer = new Server();
stationServer.addService(
  { applyOrder },
  {
    applyOrder: (
      { request }: ServerUnaryCall<station.ApplyOrderRequest, station.ApplyOrderResponse>,
      done: sendUnaryData<station.ApplyOrderResponse>,
    ) => {
      recharged.add(request.userId);
      done(null, { asset: undefined, duplicate: false });
    },
  },
);

function listen(server: Server, variable: string): Promise<string> {
  return new Promise((resolve, reject) => {
    server.bindAsync(`127.0.0.1:${process.env[variable] ?? ''}`, ServerCredentials.createInsecure(), (error, port) =>
      error === null ? resolve(`127.0.0.1:${port}`) : reject(error),
    );
  });
}

void Promise.all([
  listen(interactionServer, 'GIFTMESH_INTERACTION_PORT'),
  listen(stationServer, 'GIFTMESH_STATION_PORT'),
]).then(([interactionAddress, stationAddress]) => {
  console.error('a line of log');
  if (process.env['GIFTMESH_READY_JSON'] === 'true')
    console.log(
      JSON.stringify({ ready: true, interaction: interactionAddress, station: stationAddress, da: stationAddress }),
    );
});
