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
        command: { kind: 'account', userId: 42n, recordsMax: 20 },
        dataDir: 'x',
        station: '[::1]:7',
      },
    );
  });

  it.each([
    [['dlq', 'list', '--dropped'], { kind: 'dropped_letters' }],
    [['dlq', 'show', '7'], { kind: 'dead_letter', id: 7 }],
    [['dlq', 'replay', '7'], { kind: 'replay', which: 7 }],
    [['dlq', 'replay', '--all'], { kind: 'replay', which: 'all' }],
    [['dlq', 'drop', '7', '--reason', 'a test'], { kind: 'drop', id: 7, why: 'a test', by: undefined }],
    [['dlq', 'drop', '7', '--reason', 'x', '--by', 'eve'], { kind: 'drop', id: 7, why: 'x', by: 'eve' }],
    [['outbox'], { kind: 'outbox', eventsMax: 20 }],
    [['outbox', '--records', '1000'], { kind: 'outbox', eventsMax: 1000 }],
    [['account', 'show', '42', '--records', '1'], { kind: 'account', userId: 42n, recordsMax: 1 }],
  ])('reads %j', (args, command) => {
    expect(parseCommandLine(args, {}).command).toEqual(command);
  });

  it.each([
    [[]],
    [['--help']],
    [['reconcile', '--help']],
    [['dlq', '-h']],
    [['account', '--help']],
    [['outbox', '--help']],
  ])('helps: %j', (args) => {
    const { command } = parseCommandLine(args, {});
    expect(command).toMatchObject({ kind: 'help', text: expect.stringContaining('--data DIR') });
  });

  it.each([
    [['nothing'], 'there is no command nothing'],
    [['reconcile', 'all'], 'takes no argument'],
    [['dlq'], 'dlq can list, show, replay and drop, not nothing'],
    [['dlq', 'list', '7'], 'dlq show 7'],
    [['dlq', 'show'], 'a dead letter has a number'],
    [['dlq', 'show', '-7'], 'Unknown option'],
    [['dlq', 'show', '0'], 'not 0'],
    [['dlq', 'replay'], 'a dead letter has a number'],
    [['dlq', 'replay', '7', '8'], 'one letter at a time'],
    [['dlq', 'replay', '7', '--all'], '7 or --all, not both'],
    [['dlq', 'drop', '7'], 'needs to know why: --reason TEXT'],
    [['dlq', 'drop', '7', '--reason', ' '], 'needs to know why'],
    [['dlq', 'drop', '--reason', 'x'], 'a dead letter has a number'],
    [['dlq', 'replay', '7', '--reason', 'x'], '--reason is not for dlq replay 7'],
    [['dlq', 'show', '7', '--all'], '--all is not for dlq show 7'],
    [['reconcile', '--records', '7'], '--records is not for reconcile'],
    [['outbox', '--station', '[::1]:7'], '--station is not for outbox'],
    [['outbox', '--records', '0'], '--records must be 1 to 1000, is 0'],
    [['outbox', '--records', '1001'], '--records must be 1 to 1000, is 1001'],
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

  it('works on servers when the mesh does, or when one is named', () => {
    const servers = { GIFTMESH_MYSQL_URL: 'mysql://u:p@h:1/d', GIFTMESH_REDIS_URL: 'redis://a,redis://b' };
    const known = parseCommandLine(['outbox'], { ...servers, GIFTMESH_STORES: 'servers' });
    expect(known.servers).toMatchObject({
      GIFTMESH_MYSQL_URL: 'mysql://u:p@h:1/d',
      GIFTMESH_REDIS_URL: ['redis://a', 'redis://b'],
      GIFTMESH_KAFKA_BROKERS: ['127.0.0.1:9092'],
    });
    const flags = ['--redis', 'redis://c', '--kafka', 'k:1,l:2', '--topic', 'gold'];
    expect(parseCommandLine(['outbox', ...flags], servers).servers).toMatchObject({
      GIFTMESH_MYSQL_URL: 'mysql://u:p@h:1/d',
      GIFTMESH_REDIS_URL: ['redis://c'],
      GIFTMESH_KAFKA_BROKERS: ['k:1', 'l:2'],
      GIFTMESH_KAFKA_TOPIC: 'gold',
    });
    expect(parseCommandLine(['outbox'], servers).servers).toBeUndefined();
    expect(parseCommandLine(['outbox', '--data', 'x'], { GIFTMESH_STORES: 'servers' }).servers).toBeUndefined();
  });

  it.each([
    [['outbox', '--data', 'x', '--mysql', 'mysql://u@h/d'], 64, '--data names a folder and --mysql a server'],
    [['reconcile', '--redis', 'redis://a', '--station', 'h:1'], 64, '--station is for a data folder'],
    [['reconcile', '--mysql', 'postgres://u:hidden@h/d'], 78, 'GIFTMESH_MYSQL_URL'],
    [['reconcile', '--kafka', 'h'], 78, 'GIFTMESH_KAFKA_BROKERS is "h"'],
  ])('refuses %j', (args, exitCode, said) => {
    const parse = (): unknown => parseCommandLine(args, {});
    expect(parse).toThrow(expect.objectContaining({ exitCode, message: expect.stringContaining(said) }));
    expect(parse).not.toThrow('hidden');
  });

  it('refuses a wrong setting', () => {
    expect(() => parseCommandLine(['reconcile'], { GIFTMESH_SHARDS: 'many' })).toThrow(
      expect.objectContaining({ exitCode: 78, message: expect.stringContaining('GIFTMESH_SHARDS is "many"') }),
    );
  });
});
