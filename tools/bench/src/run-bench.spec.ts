import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Figure } from './figures';
import { built, SCRATCH } from './paths';
import type { BenchReport } from './report';
import { EX_USAGE, runBench } from './run-bench';

/** The mesh is a stand-in here: these tests are about the machinery, the figures mean nothing. */
const FAKE_MESH = built('testing/fake-standalone-main.js');

const SHORT = { rounds: 2, firstWarmUpMs: 500, warmUpMs: 100, measureMs: 500 };

describe('the bench command', () => {
  const run = async (
    args: readonly string[],
    standaloneMain = FAKE_MESH,
  ): Promise<{ code: number; out: string; err: string }> => {
    const [out, err]: [string[], string[]] = [[], []];
    const code = await runBench(
      args,
      { out: (text) => out.push(text), err: (line) => err.push(line) },
      { standaloneMain, durations: SHORT },
    );
    return { code, out: out.join('\n'), err: err.join('\n') };
  };
  const named = (figures: readonly Figure[], name: string): Figure => {
    const found = figures.find((each) => each.name === name);
    if (found === undefined) throw new Error(`no figure ${name}`);
    return found;
  };

  it('helps when no suite is named', async () => {
    const { code, out } = await run([]);
    expect(code).toBe(0);
    for (const word of ['gifts', 'soak', 'idle', '--json', '--quick', '--seed']) expect(out).toContain(word);
  });

  it('says what is wrong with its arguments, on stderr', async () => {
    expect(await run(['nothing'])).toMatchObject({
      code: EX_USAGE,
      out: '',
      err: expect.stringContaining('no suite nothing'),
    });
  });

  it('compares gifts with an echo and prints one JSON object', async () => {
    const { code, out, err } = await run(['gifts', '--quick', '--json', '--seed', '7']);
    expect(err).toContain('round 2/2 SendGift, light client');
    expect(code).toBe(0);
    const report = JSON.parse(out) as BenchReport;
    expect(Object.keys(report).sort()).toEqual(['environment', 'figures', 'notes', 'seed', 'suite']);
    expect(report).toMatchObject({ suite: 'gifts', seed: 7 });
    for (const figure of report.figures) {
      expect(Object.keys(figure).sort()).toEqual(['aim', 'name', 'reached', 'unit', 'value']);
      expect(Number.isFinite(figure.value)).toBe(true);
    }
    expect(named(report.figures, 'failed_calls')).toMatchObject({ value: 0, reached: true });
    for (const name of [
      'echo.grpc.per_second',
      'send_gift.grpc.throughput_ratio',
      'send_gift.light.throughput_ratio',
      'send_gift.light.server_cpu',
      'send_gift.light.p99',
      'stream_gifts.per_second',
      'standalone.idle_memory',
      'standalone.ready_after',
    ])
      expect(named(report.figures, name).value).toBeGreaterThan(0);
    const clientCpu = (client: string): number => named(report.figures, `client.${client}.cpu`).value;
    expect(clientCpu('light')).toBeLessThan(clientCpu('grpc') / 2);
  }, 120_000);

  it('soaks until the gifts are sent, and prints a table for people', async () => {
    const { code, out, err } = await run(['soak', '--gifts', '20000']);
    expect({ code, err }).toMatchObject({ code: 0, err: expect.stringContaining('RSS MB') });
    expect(out).toMatch(/soak\.memory_growth +[\d.]+ +of second fifth +<= 1.2/);
    expect(Number(/soak\.gifts +([\d,]+)/.exec(out)?.[1]?.replaceAll(',', ''))).toBeGreaterThanOrEqual(20_000);
  }, 60_000);

  it('fails with what the mesh said last when it does not start, and leaves nothing behind', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'giftmesh-bench-'));
    try {
      const broken = join(folder, 'main.js');
      writeFileSync(broken, "console.error('the port is taken'); process.exit(78);");
      const left = existsSync(SCRATCH) ? readdirSync(SCRATCH) : [];
      expect(await run(['idle'], broken)).toMatchObject({
        code: 1,
        out: '',
        err: expect.stringContaining('ended with 78'),
      });
      expect((await run(['idle'], broken)).err).toContain('the port is taken');
      expect(readdirSync(SCRATCH)).toEqual(left);
      expect((await run(['idle'], join(folder, 'none.js'))).err).toContain('npm run build');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
