import { DEFAULT_SEED, parseOptions, UsageError } from './options';

describe('parseOptions', () => {
  const parse = (...args: string[]) => parseOptions(args, ['gifts', 'soak']);

  it('has defaults', () => {
    expect(parse('gifts')).toEqual({
      suite: 'gifts',
      json: false,
      quick: false,
      seed: DEFAULT_SEED,
      stores: 'embedded',
      gifts: undefined,
      inFlight: undefined,
      svg: undefined,
      node: undefined,
      only: undefined,
      profiles: undefined,
    });
  });

  it('reads what is given', () => {
    const all = [
      '--json',
      '--quick',
      '--seed',
      '7',
      '--stores',
      'real',
      '--gifts',
      '1000000',
      '--svg',
      'out',
      '--node',
      'n',
      '--only',
      'x',
      '--profiles',
      'p',
    ];
    expect(parse('soak', ...all)).toEqual({
      suite: 'soak',
      json: true,
      quick: true,
      seed: 7,
      stores: 'real',
      gifts: 1_000_000,
      inFlight: undefined,
      svg: 'out',
      node: 'n',
      only: 'x',
      profiles: 'p',
    });
  });

  it('takes no suite, and --help, as a wish for help', () => {
    expect(parse().suite).toBeUndefined();
    expect(parse('gifts', '--help').suite).toBeUndefined();
  });

  it.each([
    [['gift'], 'gift'],
    [['gifts', 'soak'], 'soak'],
    [['gifts', '--fast'], '--fast'],
    [['gifts', '--seed', '-1'], '--seed'],
    [['gifts', '--seed', '1e3'], '1e3'],
    [['soak', '--gifts', '999'], '999'],
    [['gifts', '--stores', 'redis'], '--stores must be embedded or real, is redis'],
  ])('refuses %j and names what is wrong', (args, named) => {
    expect(() => parse(...args)).toThrow(UsageError);
    expect(() => parse(...args)).toThrow(named);
  });
});
