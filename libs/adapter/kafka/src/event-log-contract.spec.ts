import { setTimeout as delay } from 'node:timers/promises';
import { eventLogContract } from '@giftmesh/domain-money/testing';
import { startKafka, type KafkaCluster } from '@giftmesh/tool-infra';
import { newTopic, openLog } from './kafka-test-kit';

let kafka: KafkaCluster;
beforeAll(async () => {
  kafka = await startKafka();
}, 60_000);
afterAll(() => kafka.kill());

eventLogContract(
  'KafkaEventLog',
  async ({ partitionCount, codec }) => {
    const topic = newTopic();
    const open = () => openLog(kafka, { topic, partitionCount, codec, dropReleased: true });
    let log = await open();
    return {
      log,
      advance: async (ms) => void (await delay(ms)),
      reopen: async () => {
        await log.close();
        log = await open();
        return log;
      },
      dropReleased: () => log.dropReleased(),
      dispose: () => log.close(),
    };
  },
  5,
);
