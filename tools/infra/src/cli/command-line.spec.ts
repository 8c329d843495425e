import { HELP, parseCommandLine, UsageError } from './command-line';

describe('the command line', () => {
  it('has defaults', () => {
    expect(parseCommandLine(['up'])).toEqual({
      command: 'up',
      only: ['redis', 'mariadb', 'kafka'],
      json: false,
      env: false,
      deleteData: false,
    });
    expect(parseCommandLine(['down', '--delete-data', '--only', 'kafka, redis', '--json'])).toEqual({
      command: 'down',
      only: ['redis', 'kafka'],
      json: true,
      env: false,
      deleteData: true,
    });
    expect(parseCommandLine(['status', '--env']).env).toBe(true);
    expect(parseCommandLine(['install', '--only=redis'])).toMatchObject({ command: 'install', only: ['redis'] });
  });

  it.each([[[]], [['--help']], [['-h']], [['up', '--help']]])('helps: %j', (args) => {
    expect(parseCommandLine(args).command).toBe('help');
  });

  it.each([
    [['stauts'], 'there is no command stauts; there are: install, up, down, status'],
    [['--json'], 'name a command'],
    [['up', 'redis'], 'up takes no argument, not redis'],
    [['up', '--only', 'oracle'], 'there is no server oracle; there are: redis, mariadb, kafka'],
    [['up', '--only', ''], "there is no server ''"],
    [['up', '--delete-data'], '--delete-data is for down'],
    [['install', '--json'], '--json is for up and status and down'],
    [['down', '--env'], '--env is for up and status'],
    [['up', '--env', '--json'], 'either --env or --json'],
    [['up', '--what'], '--what'],
  ])('refuses %j', (args, message) => {
    expect(() => parseCommandLine(args)).toThrow(UsageError);
    expect(() => parseCommandLine(args)).toThrow(message);
    expect(() => parseCommandLine(args)).toThrow('Try: npm run infra -- --help');
  });

  it('tells of every command and option', () => {
    for (const word of ['install', 'up', 'down', 'status', '--only', '--json', '--env', '--delete-data', 'Exit codes'])
      expect(HELP).toContain(word);
  });
});
