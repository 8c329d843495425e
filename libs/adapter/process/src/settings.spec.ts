import { z } from 'zod';
import { loadConfig } from '@giftmesh/kernel-config';
import { moneyTopic, mysqlSettings, redisSettings, shardNumbers, storeSettings } from './settings';

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

describe('shardNumbers', () => {
  it('are what a map of shards takes, and nothing else', () => {
    expect(shardNumbers({ GIFTMESH_SHARDS: 256, GIFTMESH_PARTITIONS: 4 })).toEqual([256, 4]);
    expect(() => shardNumbers({ GIFTMESH_SHARDS: 256, GIFTMESH_PARTITIONS: 6 })).toThrow(
      'GIFTMESH_SHARDS must be a multiple of GIFTMESH_PARTITIONS 6, is 256',
    );
    expect(() => shardNumbers({ GIFTMESH_SHARDS: 4, GIFTMESH_PARTITIONS: 8 })).toThrow('is 4');
  });
});

describe('where servers are', () => {
  const servers = z.object({ ...storeSettings, ...redisSettings, ...mysqlSettings });

  it.each([
    ['GIFTMESH_REDIS_URL', 'redis://h, rediss://:p%2F%40@[::1]:6380/1,redis://user:secret@redis.svc:1/'],
    ['GIFTMESH_MYSQL_URL', 'mysql://user:p%40@127.0.0.1:3306/giftmesh'],
    ['GIFTMESH_MYSQL_URL', 'mariadb://user@[::1]/gift-mesh'],
    ['GIFTMESH_KAFKA_BROKERS', 'a:9092, [::1]:9093'],
    ['GIFTMESH_KAFKA_TOPIC', 'giftmesh.money_1-x'],
  ])('%s takes %s', (name, value) => {
    expect(() => loadConfig(servers, { [name]: value })).not.toThrow();
  });

  it.each([
    ['GIFTMESH_REDIS_URL', 'http://user:secret@h:1'],
    ['GIFTMESH_REDIS_URL', 'h:6379'],
    ['GIFTMESH_REDIS_URL', 'redis://user:sec/ret@h:1'],
    ['GIFTMESH_REDIS_URL', 'redis://:secret@h:1/first'],
    ['GIFTMESH_REDIS_URL', 'redis://h:1,redis://:secret@'],
    ['GIFTMESH_MYSQL_URL', 'mysql://user:secret@h:3306'],
    ['GIFTMESH_MYSQL_URL', 'mysql://h:3306/giftmesh'],
    ['GIFTMESH_MYSQL_URL', 'postgres://user:secret@h/giftmesh'],
    ['GIFTMESH_MYSQL_URL', 'mysql://user:secret@h/gift mesh'],
    ['GIFTMESH_KAFKA_BROKERS', 'kafka://a:9092'],
    ['GIFTMESH_KAFKA_BROKERS', 'a:9092,b'],
    ['GIFTMESH_KAFKA_TOPIC', 'money/1'],
    ['GIFTMESH_SERVERS_WAIT_MS', '-1'],
  ])('%s refuses %s by name, without a password', (name, value) => {
    const said = (): string => {
      try {
        loadConfig(servers, { [name]: value });
        return 'accepted';
      } catch (error) {
        return (error as Error).message;
      }
    };
    expect(said()).toMatch(new RegExp(`${name} .*must`));
    expect(said()).not.toContain('secret');
  });
});
