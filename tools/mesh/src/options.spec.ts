import { HELP, parseOptions } from './options';

describe('parseOptions', () => {
  it('has defaults', () => {
    expect(parseOptions([])).toEqual({ kind: 'run', instances: 2, basePort: 7001, folder: 'tmp/mesh', json: false });
  });

  it('reads what it is told', () => {
    expect(parseOptions(['--instances', '3', '--port', '0', '--folder', 'x', '--json'])).toEqual({
      kind: 'run',
      instances: 3,
      basePort: 0,
      folder: 'x',
      json: true,
    });
    expect(parseOptions(['--instances', '0', '--help'])).toEqual({ kind: 'help' });
    for (const option of ['--instances', '--port', '--folder', '--json']) expect(HELP).toContain(option);
  });

  it.each([
    [['--instances', '0'], '--instances must be a whole number from 1 to 10, is 0'],
    [['--instances', '11'], 'is 11'],
    [['--port', '65001'], '--port must be a whole number from 0 to 65000, is 65001'],
    [['--port', '1e3'], 'is 1e3'],
    [['--nonsense'], '--nonsense'],
    [['word'], 'word'],
  ])('refuses %j', (args, message) => {
    expect(() => parseOptions(args)).toThrow(
      expect.objectContaining({ exitCode: 64, message: expect.stringContaining(message) }),
    );
  });
});
