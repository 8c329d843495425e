import { z } from 'zod';
import { ConfigError, loadConfig } from './load-config';
import { address, choice, flag, integer, list, matching, port, target, text } from './shape';

const schema = z.object({
  GIFTMESH_PORT: port(8080),
  GIFTMESH_SHARDS: integer(1, 256, 16),
  GIFTMESH_STATION: address('localhost:1'),
  GIFTMESH_STRICT: flag(false),
  GIFTMESH_MODE: choice(['log', 'ledger'], 'log'),
  GIFTMESH_DATA_DIR: text('data'),
});

describe('loadConfig', () => {
  it('has defaults for everything and ignores variables of others', () => {
    expect(loadConfig(schema, { PATH: '/bin', GIFTMESH_PORT: '' })).toEqual({
      GIFTMESH_PORT: 8080,
      GIFTMESH_SHARDS: 16,
      GIFTMESH_STATION: 'localhost:1',
      GIFTMESH_STRICT: false,
      GIFTMESH_MODE: 'log',
      GIFTMESH_DATA_DIR: 'data',
    });
  });

  it('reads values', () => {
    expect(
      loadConfig(schema, { GIFTMESH_PORT: '0', GIFTMESH_STRICT: 'true', GIFTMESH_STATION: '[::1]:5' }),
    ).toMatchObject({ GIFTMESH_PORT: 0, GIFTMESH_STRICT: true, GIFTMESH_STATION: '[::1]:5' });
  });

  it('names every wrong value, and settings that do not exist', () => {
    const wrong = {
      GIFTMESH_PORT: '70000',
      GIFTMESH_SHARDS: '1e3',
      GIFTMESH_STATION: 'localhost',
      GIFTMESH_STRICT: 'yes',
      GIFTMESH_MODE: 'fast',
      GIFTMESH_PROT: '1',
    };
    try {
      loadConfig(schema, wrong);
      throw new Error('was accepted');
    } catch (error) {
      expect(error).toBeInstanceOf(ConfigError);
      const { problems } = error as ConfigError;
      expect(problems).toHaveLength(6);
      for (const name of Object.keys(wrong)) expect(problems.some((problem) => problem.startsWith(name))).toBe(true);
      expect(problems).toContainEqual('GIFTMESH_PORT is "70000": must be a whole number from 0 to 65535');
    }
  });

  it.each([
    'localhost:7002',
    '[::1]:7002',
    'ipv4:10.0.0.1:7002,10.0.0.2:7002',
    'dns:///station.mesh:7002',
    'unix:/run/station',
    'xds:///station',
  ])('takes the target %s', (value) => {
    const targets = z.object({ GIFTMESH_STATION: target('localhost:1') });
    expect(loadConfig(targets, { GIFTMESH_STATION: value })).toEqual({ GIFTMESH_STATION: value });
    for (const wrong of ['localhost', '10.0.0.1:7002,10.0.0.2:7002', 'ftp:x', 'ipv4:a b'])
      expect(() => loadConfig(targets, { GIFTMESH_STATION: wrong })).toThrow('must be host:port or a gRPC target');
  });

  it('reads lists, and refuses parts that are empty', () => {
    const lists = z.object({ GIFTMESH_BROKERS: list(['a:1']) });
    expect(loadConfig(lists, {})).toEqual({ GIFTMESH_BROKERS: ['a:1'] });
    expect(loadConfig(lists, { GIFTMESH_BROKERS: 'a:1, b:2' })).toEqual({ GIFTMESH_BROKERS: ['a:1', 'b:2'] });
    for (const wrong of [',', 'a:1,', 'a:1,,b:2'])
      expect(() => loadConfig(lists, { GIFTMESH_BROKERS: wrong })).toThrow('none of them empty');
  });

  it('refuses what looks otherwise, and does not show what may hold a password', () => {
    const url = { pattern: /^ftp:\/\/\S+$/, like: 'ftp://host', secret: true };
    const looks = z.object({
      GIFTMESH_TOPIC: matching({ pattern: /^[a-z]+$/, like: 'money' }, 'money'),
      GIFTMESH_URL: matching(url, 'ftp://a'),
      GIFTMESH_URLS: list(['ftp://a'], url),
    });
    const right = { GIFTMESH_TOPIC: 'gold', GIFTMESH_URL: 'ftp://b', GIFTMESH_URLS: 'ftp://c, ftp://d' };
    expect(loadConfig(looks, right)).toEqual({ ...right, GIFTMESH_URLS: ['ftp://c', 'ftp://d'] });
    const wrong = { GIFTMESH_TOPIC: '?', GIFTMESH_URL: 'http://u:hidden@h', GIFTMESH_URLS: 'ftp://c,hidden' };
    expect(() => loadConfig(looks, wrong)).toThrow(
      expect.objectContaining({
        problems: [
          'GIFTMESH_TOPIC is "?": must look like money',
          'GIFTMESH_URL (not shown, it may hold a password): must look like ftp://host',
          'GIFTMESH_URLS (not shown, it may hold a password): must be parts between commas, none of them empty, each like ftp://host',
        ],
      }),
    );
  });
});
