import type { BenchReport } from '../report';
import { runBench } from '../run-bench';

/** The figures mean nothing on a machine that runs tests: what is looked at is that the run works, and the books. */
describe('the hot-streamer suite, on real servers', () => {
  it('settles all gifts, and she spends what she earns meanwhile', async () => {
    const [out, err]: [string[], string[]] = [[], []];
    const code = await runBench(['hot-streamer', '--gifts', '1000', '--quick', '--json'], {
      out: (text) => out.push(text),
      err: (line) => err.push(line),
    });
    expect({ code, err: err.join('\n') }).toMatchObject({ code: 0, err: expect.not.stringContaining('BROKEN') });
    const { figures } = JSON.parse(out.join('')) as BenchReport;
    const valueOf = (name: string): number => figures.find((figure) => figure.name === name)?.value ?? NaN;
    expect(valueOf('gifts')).toBeGreaterThanOrEqual(1_000);
    expect(valueOf('her_withdrawals')).toBeGreaterThanOrEqual(1);
    expect(['missing_records', 'her_refusals', 'audit.differences', 'store.differences'].map(valueOf)).toEqual([
      ...[0, 0, 0, 0],
    ]);
  }, 180_000);
});
