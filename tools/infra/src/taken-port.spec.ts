import { once } from 'node:events';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { freePort } from './free-port';
import { startKafka, startMariaDb, startRedis } from './index';
import { brokerKind, findKafka, newKafkaId } from './kafka-broker';
import { redisKind } from './redis';
import { startServer } from './server-process';

// A start is tried again with other ports when the server says these words: each must do so, in its own log.
const TAKEN = /address already in use/i;

describe('a port that was free a moment ago', () => {
  let other: Server;
  let taken: number;
  beforeAll(async () => {
    other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    taken = (other.address() as AddressInfo).port;
  });
  afterAll(() => other.close());

  it('is taken for Redis, and for a node of a cluster', async () => {
    await expect(startRedis({ port: await freePort(), args: ['--port', String(taken)] })).rejects.toThrow(TAKEN);
    const node = redisKind(() => ['--cluster-enabled', 'yes', '--cluster-port', String(taken)]);
    await expect(startServer(node, { port: await freePort() })).rejects.toThrow(TAKEN);
  });

  it('is taken for MariaDB', async () => {
    await expect(startMariaDb({ port: await freePort(), args: [`--port=${taken}`] })).rejects.toThrow(TAKEN);
  }, 60_000);

  it('is taken for a broker of Kafka, and for its controller', async () => {
    const alone = { id: 1, brokerCount: 1, awaitedIds: () => [1], isHopeless: () => false };
    const plan = { ...alone, clusterId: newKafkaId(), jvmArgs: [] };
    const place = { port: await freePort() };
    const withTakenController = { ...plan, controllerPort: taken, voters: `1@127.0.0.1:${taken}`, settings: {} };
    await expect(startServer(brokerKind(findKafka(), withTakenController), place)).rejects.toThrow(TAKEN);
    const controllerPort = await freePort();
    const listeners = `PLAINTEXT://127.0.0.1:${taken},CONTROLLER://127.0.0.1:${controllerPort}`;
    const withTakenPort = { ...plan, controllerPort, voters: `1@127.0.0.1:${controllerPort}`, settings: { listeners } };
    await expect(startServer(brokerKind(findKafka(), withTakenPort), place)).rejects.toThrow(TAKEN);
    await expect(startKafka({ port: taken })).rejects.toThrow(TAKEN);
    // By then it has answered on its first listener.
    const own = await freePort();
    const edge = [{ name: 'EDGE', port: taken, advertised: '127.0.0.1:1' }];
    const withTakenListener = {
      ...plan,
      controllerPort: own,
      voters: `1@127.0.0.1:${own}`,
      settings: {},
      listeners: edge,
    };
    await expect(startServer(brokerKind(findKafka(), withTakenListener), place)).rejects.toThrow(TAKEN);
  }, 90_000);
});
