import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigError, loadConfig } from '@giftmesh/kernel-config';
import { settings } from './settings';

const readme = readFileSync(join(__dirname, '../README.md'), 'utf8');

describe('settings', () => {
  it('all have defaults, and the README lists each with its own', () => {
    const defaults = loadConfig(settings, {});
    const rows = new Map(
      [...readme.matchAll(/^\| `(GIFTMESH_\w+)`\s*\| `([^`]*)`\s*\|/gm)].map(([, name, value]) => [name, value]),
    );
    expect(Object.fromEntries(rows)).toEqual(
      Object.fromEntries(Object.entries(defaults).map(([name, value]) => [name, String(value)])),
    );
  });

  it('refuses shards that are no number, by name', () => {
    expect(() => loadConfig(settings, { GIFTMESH_SHARDS: 'many' })).toThrow(ConfigError);
    expect(() => loadConfig(settings, { GIFTMESH_SHARDS: 'many' })).toThrow('GIFTMESH_SHARDS is "many"');
  });

  it.each(['none', 'redis://cache:6379', 'rediss://u:p%40@[::1]:1/2'])('takes %s for a cache', (url) => {
    expect(loadConfig(settings, { GIFTMESH_CACHE_URL: url }).GIFTMESH_CACHE_URL).toBe(url);
  });

  it('refuses a cache that is none, without its password', () => {
    for (const url of ['cache:6379', 'http://u:secret@h', 'redis://'])
      expect(() => loadConfig(settings, { GIFTMESH_CACHE_URL: url })).toThrow(
        /^(?![^]*secret)[^]*GIFTMESH_CACHE_URL [^]*must look like redis:/,
      );
  });
});
