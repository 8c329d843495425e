import { integerOption, runCampaign, type Campaign, type CampaignOptions } from './campaign';

function setUp(problems: readonly string[] = []) {
  const seen: CampaignOptions[] = [];
  const printed = { out: '', err: '' };
  const campaign: Campaign = {
    help: 'usage: how',
    ownOptions: ['minutes'],
    prepare: (options) => {
      integerOption('minutes', options.own['minutes'], 1, 10);
      return async () => {
        seen.push(options);
        const report = { suite: 'some', seed: options.seed, environment: {}, figures: [], notes: ['done'] };
        return { problems, replay: `with seed ${options.seed}`, report };
      };
    },
  };
  const run = (...args: string[]): Promise<number> =>
    runCampaign(campaign, args, { out: (text) => (printed.out += text), err: (text) => (printed.err += `${text}\n`) });
  return { run, seen, printed };
}

describe('runCampaign', () => {
  it('hands over what the command line says, and prints the report', async () => {
    const { run, seen, printed } = setUp();
    expect(await run('--seed', '7', '--minutes', '3', '--quick')).toBe(0);
    expect(seen).toEqual([{ seed: 7, quick: true, own: { minutes: '3' } }]);
    expect(printed).toEqual({ out: '\n- done', err: '' });
  });

  it('prints one JSON object when asked, under a seed of its own choice when none is named', async () => {
    const { run, seen, printed } = setUp();
    expect(await run('--json')).toBe(0);
    expect(JSON.parse(printed.out)).toMatchObject({ suite: 'some', seed: seen[0]?.seed });
    expect(Number.isSafeInteger(seen[0]?.seed)).toBe(true);
  });

  it('says what was broken and how to meet it again, and fails', async () => {
    const { run, printed } = setUp(Array.from({ length: 23 }, (_, index) => `problem ${index}`));
    expect(await run('--seed', '9')).toBe(1);
    expect(printed.err).toMatch(/^BROKEN with seed 9\n {2}problem 0\n[^]* {2}problem 19\n {2}and 3 more\n$/);
  });

  it.each([[['--seed', 'x']], [['--seed', '']], [['--minutes', '11']], [['--other']], [['more']]])(
    'refuses %j before anything is started',
    async (args) => {
      const { run, seen, printed } = setUp();
      expect(await run(...args)).toBe(64);
      expect([seen, printed.out]).toEqual([[], '']);
      expect(printed.err).toContain('usage: how');
    },
  );

  it('shows its help', async () => {
    const { run, printed } = setUp();
    expect(await run('--help')).toBe(0);
    expect(printed.err).toBe('usage: how\n');
  });
});
