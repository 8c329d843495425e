import { HELP, parseOptions } from './options';

describe('the command line', () => {
  it('has defaults', () => {
    expect(parseOptions([])).toEqual({
      ...{ help: false, json: false, once: false, seed: undefined, rate: undefined },
      ...{ gifts: 10_000, viewers: 1_000, streamers: 10 },
    });
  });

  it('reads everything that its help names', () => {
    const args = '--gifts 5 --viewers 10 --streamers 1 --rate 9 --seed 0 --once --json'.split(' ');
    expect(parseOptions(args)).toEqual({
      ...{ help: false, json: true, once: true, seed: 0, rate: 9, gifts: 5, viewers: 10, streamers: 1 },
    });
    for (const name of args.filter((word) => word.startsWith('--'))) expect(HELP).toContain(name);
    expect(parseOptions(['-h']).help).toBe(true);
  });

  it.each([
    ['--gifts 0', '--gifts must be a whole number from 1 to 1000000, is "0"'],
    ['--gifts 1000001', '--gifts'],
    ['--gifts 1e3', 'is "1e3"'],
    ['--viewers 9', '--viewers must be a whole number from 10'],
    ['--streamers 1000', '--streamers'],
    ['--rate -1', '--rate'],
    ['--seed 2147483648', '--seed'],
    ['--what', '--what'],
    ['more', 'more'],
  ])('refuses %s', (line, message) => {
    expect(() => parseOptions(line.split(' '))).toThrow(
      expect.objectContaining({ exitCode: 64, message: expect.stringContaining(message) }),
    );
  });
});
