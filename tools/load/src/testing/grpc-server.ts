import { interaction } from '@giftmesh/contract';
import {
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type sendUnaryData,
  type ServerUnaryCall,
} from '@grpc/grpc-js';

const asIs = (bytes: Buffer): Buffer => bytes;
const ECHO = {
  path: '/test.Echo/Call',
  requestStream: false as const,
  responseStream: false as const,
  requestSerialize: asIs,
  requestDeserialize: asIs,
  responseSerialize: asIs,
  responseDeserialize: asIs,
};
type Gifts = ServerDuplexStream<interaction.StreamGiftsRequest, interaction.StreamGiftsResponse>;

/** What the server of the tests was sent. */
export interface TestServer {
  readonly address: string;
  /** `/test.Echo/Call`: answers with its request, fails with the status that `failWith` holds. */
  failWith: number | undefined;
  readonly giftsReceived: interaction.SendGiftRequest[];
  stop(): void;
}

/** A grpc-js server on a free port, or the one given: an echo, and StreamGifts that accepts every gift but those of `poorViewer`. */
export async function startTestServer(poorViewer = 0n, port = 0): Promise<TestServer> {
  const server = new Server();
  const state: { failWith: number | undefined; giftsReceived: interaction.SendGiftRequest[] } = {
    failWith: undefined,
    giftsReceived: [],
  };
  server.addService(
    { call: ECHO },
    {
      call: (call: ServerUnaryCall<Buffer, Buffer>, done: sendUnaryData<Buffer>) =>
        state.failWith === undefined ? done(null, call.request) : done({ code: state.failWith, details: 'as told' }),
    },
  );
  const { streamGifts } = interaction.InteractionServiceService;
  server.addService(
    { streamGifts },
    {
      streamGifts: (stream: Gifts) => {
        stream.on('data', ({ gifts }: interaction.StreamGiftsRequest) => {
          state.giftsReceived.push(...gifts);
          stream.write({ results: gifts.map((gift) => resultOf(gift, gift.viewerId === poorViewer)) });
        });
        stream.on('end', () => stream.end());
      },
    },
  );
  const bound = await new Promise<number>((resolve, reject) => {
    server.bindAsync(`127.0.0.1:${port}`, ServerCredentials.createInsecure(), (error, at) =>
      error === null ? resolve(at) : reject(error),
    );
  });
  return Object.assign(state, { address: `127.0.0.1:${bound}`, stop: () => server.forceShutdown() });
}

function resultOf({ eventId }: interaction.SendGiftRequest, isPoor: boolean): interaction.GiftResult {
  if (!isPoor) {
    const value = { eventId, balance: 10n, coins: 1n, comboCount: 0, duplicate: false };
    return { eventId, result: { $case: 'ok', value } };
  }
  const value = {
    code: 9,
    message: 'too poor',
    reason: 'INSUFFICIENT',
    errCode: 1,
    fieldViolations: [],
    retryDelayMs: 0n,
  };
  return { eventId, result: { $case: 'error', value } };
}
