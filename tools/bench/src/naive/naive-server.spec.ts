import { credentials, Metadata, status, type ServiceError } from '@grpc/grpc-js';
import { startMariaDb, type MariaDbServer } from '@giftmesh/tool-infra';
import { interaction } from '@giftmesh/contract';
import { hotStreamerId, STAGE_ID } from '../viewers';
import { NaiveServer } from './naive-server';

const RICH = 1_001n;
const POOR = 1_002n;
const COINS = 5n;

describe('the naive service, on a real MariaDB', () => {
  let mariadb: MariaDbServer;
  let naive: NaiveServer;
  let client: interaction.InteractionServiceClient;

  beforeAll(async () => {
    mariadb = await startMariaDb();
    naive = await NaiveServer.start(mariadb, [RICH], [hotStreamerId()], COINS);
    client = new interaction.InteractionServiceClient(naive.address, credentials.createInsecure());
  }, 90_000);
  afterAll(async () => {
    client?.close();
    await naive?.stop();
    await mariadb?.kill();
  });

  const send = (viewerId: bigint, index: number) =>
    new Promise<interaction.SendGiftResponse>((resolve, reject) => {
      const gift = { viewerId, roomId: STAGE_ID, giftId: 1, count: 1, recipientIds: [], comboKey: '' };
      const eventId = `00000000-0000-7000-8000-00000000000${index}`;
      client.sendGift({ ...gift, eventId }, new Metadata(), { deadline: Date.now() + 30_000 }, (error, answer) =>
        error === null ? resolve(answer) : reject(error),
      );
    });

  it('takes gifts until the coins are gone, also when they come together', async () => {
    const answers = await Promise.allSettled(Array.from({ length: 9 }, (_, index) => send(RICH, index)));
    const balances = answers.flatMap((one) => (one.status === 'fulfilled' ? [one.value.balance] : []));
    expect(balances.sort()).toEqual([0n, 1n, 2n, 3n, 4n]);
    const refusals = answers.flatMap((one) => (one.status === 'rejected' ? [(one.reason as ServiceError).code] : []));
    expect(refusals).toEqual(Array.from({ length: 4 }, () => status.FAILED_PRECONDITION));
  }, 60_000);

  it('refuses who has no account', async () => {
    await expect(send(POOR, 9)).rejects.toMatchObject({ code: status.FAILED_PRECONDITION });
  }, 60_000);
});
