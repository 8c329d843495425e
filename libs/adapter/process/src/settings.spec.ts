import { moneyTopic } from './settings';

describe('moneyTopic', () => {
  it.each([
    [1, 1],
    [2, 2],
    [3, 2],
  ])('of %i copies waits for %i', (copies, inSync) => {
    const config = {
      GIFTMESH_KAFKA_BROKERS: ['a:1'],
      GIFTMESH_KAFKA_TOPIC: 'money',
      GIFTMESH_KAFKA_REPLICAS: copies,
    };
    expect(moneyTopic(config)).toEqual({
      brokers: ['a:1'],
      topic: 'money',
      createTopic: true,
      replicationFactor: copies,
      minInSyncReplicas: inSync,
    });
  });
});
