import { parseCommandLine } from './command-line';

describe('the command line', () => {
  it('has defaults, and takes the folder from the mesh’s own setting', () => {
    expect(parseCommandLine(['reconcile'], {})).toEqual({
      command: { kind: 'reconcile' },
      dataDir: 'data',
      station: undefined,
      json: false,
      shardCount: 256,
      partitionCount: 4,
    });
    const variables = { GIFTMESH_DATA_DIR: '/d', GIFTMESH_PARTITIONS: '8', GIFTMESH_STATION_PORT: '1' };
    expect(parseCommandLine(['dlq', 'list', '--json'], variables)).toMatchObject({
      command: { kind: 'dead_letters' },
      dataDir: '/d',
      json: true,
      partitionCount: 8,
    });
    expect(parseCommandLine(['account', 'show', '42', '--data', 'x', '--station', '[::1]:7'], variables)).toMatchObject(
      {
        command: { kind: 'account', userId: 42n },
        dataDir: 'x',
        station: '[::1]:7',
      },
    );
  });

  it.each([[[]], [['--help']], [['reconcile', '--help']], [['dlq', '-h']], [['account', '--help']]])(
    'helps: %j',
    (args) => {
      const { command } = parseCommandLine(args, {});
      expect(command).toMatchObject({ kind: 'help', text: expect.stringContaining('--data DIR') });
    },
  );

  it.each([
    [['nothing'], 'there is no command nothing'],
    [['reconcile', 'all'], 'takes no argument'],
    [['dlq', 'drop'], 'dlq can list, not drop'],
    [['account', 'show', '0'], 'a positive int64, not 0'],
    [['account', 'show', '9223372036854775808'], 'a positive int64'],
    [['account', 'show'], 'not nothing'],
    [['reconcile', '--station', 'here'], 'must be host:port, is here'],
    [['reconcile', '--data', ''], '--data must name a folder'],
    [['reconcile', '--what'], '--what'],
  ])('refuses %j', (args, message) => {
    expect(() => parseCommandLine(args, {})).toThrow(
      expect.objectContaining({ exitCode: 64, message: expect.stringContaining(message) }),
    );
  });

  it('refuses a wrong setting', () => {
    expect(() => parseCommandLine(['reconcile'], { GIFTMESH_SHARDS: 'many' })).toThrow(
      expect.objectContaining({ exitCode: 78, message: expect.stringContaining('GIFTMESH_SHARDS is "many"') }),
    );
  });
});
