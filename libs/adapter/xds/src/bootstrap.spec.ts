import { validateBootstrapConfig } from '@grpc/grpc-js-xds/build/src/xds-bootstrap';
import { ConfigError } from '@giftmesh/kernel-config';
import { BOOTSTRAP_FILE, BOOTSTRAP_TEXT, readBootstrap } from './bootstrap';

const SERVER = { server_uri: '127.0.0.1:18000', channel_creds: [{ type: 'insecure' }] };
const LEAST = { xds_servers: [SERVER], node: { id: 'interaction-0', locality: {} } };
const FULL = {
  xds_servers: [
    { ...SERVER, channel_creds: [{ type: 'tls' }, { type: 'google_default' }], server_features: ['xds_v3'] },
    { ...SERVER, server_uri: 'spare:18000' },
  ],
  node: {
    id: 'interaction-0',
    cluster: 'giftmesh',
    locality: { region: 'r', zone: 'z', sub_zone: 's' },
    metadata: { lane: 'gray', list: [1, null, { deep: true }] },
  },
  authorities: {
    elsewhere: {
      xds_servers: [SERVER],
      client_listener_resource_name_template: 'xdstp://elsewhere/envoy.config.listener.v3.Listener/%s',
    },
    plain: {},
  },
  client_default_listener_resource_name_template: 'mesh-%s',
  certificate_providers: {
    mesh: { plugin_name: 'file_watcher', config: { ca_certificate_file: 'ca.pem', refresh_interval: '600s' } },
  },
  unknown: 'is let through',
};

const read = (json: unknown) => readBootstrap({ [BOOTSTRAP_TEXT]: JSON.stringify(json) });

describe('readBootstrap', () => {
  it('is undefined where neither variable says anything', () => {
    expect(readBootstrap({})).toBeUndefined();
    expect(readBootstrap({ [BOOTSTRAP_FILE]: '', [BOOTSTRAP_TEXT]: '' })).toBeUndefined();
  });

  it('takes the file before the text', () => {
    const seen: string[] = [];
    const readFile = (path: string): string => {
      seen.push(path);
      return JSON.stringify(FULL);
    };
    expect(
      readBootstrap({ [BOOTSTRAP_FILE]: '/etc/b.json', [BOOTSTRAP_TEXT]: JSON.stringify(LEAST) }, readFile),
    ).toEqual({
      variable: BOOTSTRAP_FILE,
      server: '127.0.0.1:18000',
      node: 'interaction-0',
      authorities: ['elsewhere', 'plain'],
    });
    expect(seen).toEqual(['/etc/b.json']);
    expect(read(LEAST)).toMatchObject({ variable: BOOTSTRAP_TEXT, authorities: [] });
  });

  it('says which file can not be read, and what is no JSON', () => {
    expect(() => readBootstrap({ [BOOTSTRAP_FILE]: '/nowhere/b.json' })).toThrow(
      /GRPC_XDS_BOOTSTRAP names a file that can't be read: ENOENT.*\/nowhere\/b\.json/,
    );
    expect(() => readBootstrap({ [BOOTSTRAP_TEXT]: '{' })).toThrow(/GRPC_XDS_BOOTSTRAP_CONFIG is no JSON/);
  });

  it.each([
    ['no servers', { ...LEAST, xds_servers: [] }, 'xds_servers: must have at least one'],
    ['servers that are missing', { node: LEAST.node }, 'xds_servers: '],
    [
      'a server without address',
      { ...LEAST, xds_servers: [{ ...SERVER, server_uri: '' }] },
      'xds_servers.0.server_uri',
    ],
    [
      'credentials that nobody here knows',
      { ...LEAST, xds_servers: [{ ...SERVER, channel_creds: [{ type: 'tls' }] }] },
      'channel_creds: must have one whose type is insecure or google_default',
    ],
    ['no node', { xds_servers: [SERVER] }, 'node: '],
    ['a node without locality', { ...LEAST, node: { id: 'a' } }, 'node.locality: '],
    ['a zone that is no text', { ...LEAST, node: { id: 'a', locality: { zone: 1 } } }, 'node.locality.zone: '],
    [
      'a template of another authority',
      { ...LEAST, authorities: { a: { client_listener_resource_name_template: 'xdstp://b/%s' } } },
      'must start with xdstp://a/',
    ],
    [
      'a provider of another kind',
      { ...LEAST, certificate_providers: { a: { plugin_name: 'vault', config: {} } } },
      'certificate_providers.a.plugin_name: must be file_watcher',
    ],
    [
      'a key without certificate',
      {
        ...LEAST,
        certificate_providers: {
          a: { plugin_name: 'file_watcher', config: { private_key_file: 'k', refresh_interval: '1s' } },
        },
      },
      'must have both certificate_file and private_key_file',
    ],
    ['a list', [], 'it: '],
  ])('refuses %s, by name', (_, json, words) => {
    expect(() => read(json)).toThrow(ConfigError);
    expect(() => read(json)).toThrow(words);
    expect(() => read(json)).toThrow(BOOTSTRAP_TEXT);
  });

  it('takes nothing that grpc-js-xds would refuse later', () => {
    for (const json of [LEAST, FULL]) {
      expect(() => read(json)).not.toThrow();
      expect(() => validateBootstrapConfig(json)).not.toThrow();
    }
    // The reason for asking for what gRFC A27 leaves open.
    expect(() => validateBootstrapConfig({ ...LEAST, node: { id: 'a' } })).toThrow('locality');
  });
});
