import { commandLine } from './command-line';
import { EXIT } from './exit-codes';

describe('a command line', () => {
  const { parse, usage } = commandLine('bake');
  const config = { allowPositionals: true, options: { hot: { type: 'boolean' }, layers: { type: 'string' } } } as const;

  it('is read as Node reads it', () => {
    const { values, positionals } = parse(['cake', '--hot', '--layers', '3'], config);
    expect({ ...values }).toEqual({ hot: true, layers: '3' });
    expect(positionals).toEqual(['cake']);
  });

  it.each([[['--cold']], [['--layers']], [['--hot=yes']]])('says where help is for %j', (args) => {
    expect(() => parse(args, config)).toThrow(
      expect.objectContaining({
        exitCode: EXIT.USAGE,
        message: expect.stringMatching(/\nTry: npm run bake -- --help$/),
      }),
    );
  });

  it('has an error for what is wrong beyond that', () => {
    expect(usage('no oven')).toMatchObject({ exitCode: EXIT.USAGE, message: 'no oven\nTry: npm run bake -- --help' });
  });
});
