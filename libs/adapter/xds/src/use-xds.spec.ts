import { dirname } from 'node:path';
import { ConfigError } from '@giftmesh/kernel-config';
import { BOOTSTRAP_FILE, BOOTSTRAP_TEXT, isXdsTarget, parseXdsTarget, useXds } from './index';

const mockLoads: string[] = [];
jest.mock('@grpc/grpc-js-xds', () => {
  mockLoads.push('loaded');
  return jest.requireActual<object>('@grpc/grpc-js-xds');
});

const TEXT = JSON.stringify({
  xds_servers: [{ server_uri: '127.0.0.1:1', channel_creds: [{ type: 'insecure' }] }],
  node: { id: 'test', locality: {} },
  authorities: { elsewhere: {} },
});

beforeEach(() => {
  delete process.env[BOOTSTRAP_FILE];
  process.env[BOOTSTRAP_TEXT] = TEXT;
});

describe('targets', () => {
  it.each([
    ['xds:///station', { authority: undefined, name: 'station' }],
    ['xds:station', { authority: undefined, name: 'station' }],
    ['xds:///payment-station:7002', { authority: undefined, name: 'payment-station:7002' }],
    ['xds://elsewhere/a/b', { authority: 'elsewhere', name: 'a/b' }],
    ['xds:///', undefined],
    ['xds:', undefined],
    ['xds://station', undefined],
    ['dns:///station', undefined],
  ])('%s', (target, parsed) => {
    expect(parseXdsTarget(target)).toEqual(parsed);
    expect(isXdsTarget(target)).toBe(target.startsWith('xds:'));
  });
});

describe('useXds', () => {
  it('reads and loads nothing without a target that needs it', async () => {
    process.env[BOOTSTRAP_TEXT] = 'nonsense';
    expect(await useXds({ A: '127.0.0.1:7002', B: 'dns:///station:7002' })).toBeUndefined();
    expect(mockLoads).toEqual([]);
  });

  it('says what to do where there is no bootstrap, before anything is loaded', async () => {
    delete process.env[BOOTSTRAP_TEXT];
    const refused = useXds({ GIFTMESH_STATION_ADDRESS: 'xds:///station', B: '127.0.0.1:1', C: 'xds:///da' });
    await expect(refused).rejects.toThrow(ConfigError);
    await expect(refused).rejects.toThrow(
      /GIFTMESH_STATION_ADDRESS is xds:\/\/\/station, which needs a control plane: let GRPC_XDS_BOOTSTRAP name .*\n.*C is xds:\/\/\/da/,
    );
    expect(mockLoads).toEqual([]);
  });

  it('names as an example what it would take', async () => {
    delete process.env[BOOTSTRAP_TEXT];
    const { message } = await useXds({ A: 'xds:///a' }).then(
      () => new Error('taken'),
      (error: unknown) => error as Error,
    );
    process.env[BOOTSTRAP_TEXT] = /for instance (.*)$/m.exec(message)?.[1];
    expect(await useXds({ A: 'xds:///a' })).toMatchObject({ server: '127.0.0.1:18000', node: 'interaction-0' });
  });

  it('refuses a wrong bootstrap, a malformed target and an unknown authority', async () => {
    await expect(useXds({ A: 'xds:///' })).rejects.toThrow('A is "xds:///": must look like xds:///name');
    await expect(useXds({ A: 'xds://nobody/a' })).rejects.toThrow('has no authority "nobody"');
    process.env[BOOTSTRAP_TEXT] = '{}';
    await expect(useXds({ A: 'xds:///a' })).rejects.toThrow('GRPC_XDS_BOOTSTRAP_CONFIG: xds_servers: ');
  });

  it('says which bootstrap is in force, however often it is asked', async () => {
    const bootstrap = { variable: BOOTSTRAP_TEXT, server: '127.0.0.1:1', node: 'test', authorities: ['elsewhere'] };
    expect(await useXds({ A: 'xds:///a', B: 'dns:///b' })).toEqual(bootstrap);
    expect(await useXds({ A: 'xds://elsewhere/a' })).toEqual(bootstrap);
    expect(mockLoads).toEqual(['loaded']);
  });

  it('stands on one copy of grpc-js, without which nothing would be registered', () => {
    const paths = [dirname(require.resolve('@grpc/grpc-js-xds'))];
    expect(require.resolve('@grpc/grpc-js', { paths })).toBe(require.resolve('@grpc/grpc-js'));
  });
});
