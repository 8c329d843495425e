import { join } from 'node:path';
import { z } from 'zod';
import { loadConfig } from '@giftmesh/kernel-config';
import { embeddedSettings, mysqlSettings, redisSettings, storeSettings } from './settings';
import { openRealAndShadow, shadowSettings, stressEdgeSettings, stressOf, stressSettings } from './stress-settings';

const stores = z.object({ ...embeddedSettings, ...storeSettings, ...redisSettings, ...mysqlSettings });
const all = z.object({ ...stressSettings, ...stressEdgeSettings });

/** The same for real calls and for those of load tests: what is not written to, and how the data is laid out. */
const SHARED = [
  'GIFTMESH_SHARDS',
  'GIFTMESH_PARTITIONS',
  'GIFTMESH_STORES',
  'GIFTMESH_KAFKA_BROKERS',
  'GIFTMESH_KAFKA_REPLICAS',
  'GIFTMESH_MIGRATE',
  'GIFTMESH_SERVERS_WAIT_MS',
  'GIFTMESH_REDIS_URL',
];

describe('shadowSettings', () => {
  it('give all that is written to another name, and leave everything else', () => {
    const config = { ...loadConfig(stores, {}), GIFTMESH_HOST: 'h' };
    expect(shadowSettings(config)).toEqual({
      ...config,
      GIFTMESH_DATA_DIR: join('data', 'shadow'),
      GIFTMESH_KAFKA_TOPIC: 'giftmesh-money_shadow',
      GIFTMESH_REDIS_PREFIX: 'shadow:giftmesh:',
      GIFTMESH_MYSQL_URL: 'mysql://giftmesh@127.0.0.1:3306/giftmesh_shadow',
    });
  });

  it('forget no setting of a store: one that comes new is given a shadow or said to be shared', () => {
    const config = loadConfig(stores, {});
    const changed = shadowSettings(config);
    const same = Object.keys(config).filter(
      (name) =>
        JSON.stringify(changed[name as keyof typeof config]) === JSON.stringify(config[name as keyof typeof config]),
    );
    expect(same.sort()).toEqual([...SHARED].sort());
  });

  it('can be used as settings again', () => {
    const { GIFTMESH_REDIS_PREFIX, GIFTMESH_KAFKA_TOPIC, GIFTMESH_MYSQL_URL } = shadowSettings(loadConfig(stores, {}));
    const variables = { GIFTMESH_REDIS_PREFIX, GIFTMESH_KAFKA_TOPIC, GIFTMESH_MYSQL_URL };
    expect(loadConfig(stores, variables)).toMatchObject(variables);
  });

  it('refuse names that leave no room, without the password of the database', () => {
    expect(() => shadowSettings({ GIFTMESH_KAFKA_TOPIC: 'x'.repeat(243) })).toThrow(
      'GIFTMESH_KAFKA_TOPIC leaves no room',
    );
    expect(shadowSettings({ GIFTMESH_KAFKA_TOPIC: 'x'.repeat(242) }).GIFTMESH_KAFKA_TOPIC).toHaveLength(249);
    const long = (length: number) => ({ GIFTMESH_MYSQL_URL: `mysql://u:secret@h:1/${'d'.repeat(length)}` });
    expect(() => shadowSettings(long(58))).toThrow(/^(?!.*secret)[^]*GIFTMESH_MYSQL_URL leaves no room/);
    expect(shadowSettings(long(57)).GIFTMESH_MYSQL_URL).toMatch(/_shadow$/);
  });
});

describe('openRealAndShadow', () => {
  const open = async (config: { readonly GIFTMESH_DATA_DIR: string }, isShadow: boolean) => [
    config.GIFTMESH_DATA_DIR,
    isShadow,
  ];

  it('opens one alone while load tests are not taken, and a second one on shadow settings when they are', async () => {
    const config = { GIFTMESH_DATA_DIR: 'd' };
    expect(await openRealAndShadow({ ...config, GIFTMESH_STRESS: 'off' }, open)).toEqual({
      real: ['d', false],
      shadow: undefined,
    });
    expect(await openRealAndShadow({ ...config, GIFTMESH_STRESS: 'shadow' }, open)).toEqual({
      real: ['d', false],
      shadow: [join('d', 'shadow'), true],
    });
  });
});

describe('settings of load tests', () => {
  it('take none unless told to', () => {
    expect(stressOf(loadConfig(all, {}))).toBeUndefined();
    expect(stressOf(loadConfig(all, { GIFTMESH_STRESS: 'shadow' }))).toEqual({ callsMax: 1_000, token: undefined });
    const token = 'a token of a test'.replaceAll(' ', '-');
    const told = { GIFTMESH_STRESS: 'shadow', GIFTMESH_STRESS_CALLS_MAX: '7', GIFTMESH_STRESS_TOKEN: token };
    expect(stressOf(loadConfig(all, told))).toEqual({ callsMax: 7, token });
  });

  it('refuse a token that is too short without showing it', () => {
    expect(() => loadConfig(all, { GIFTMESH_STRESS_TOKEN: 'short-secret' })).toThrow(
      /^(?!.*short-secret)[^]*GIFTMESH_STRESS_TOKEN/,
    );
  });
});
