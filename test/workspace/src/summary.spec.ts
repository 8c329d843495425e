import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from './workspace';

describe('tools/ci/summary.mjs', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'giftmesh-summary-'));
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ workspaces: ['libs/*/*', 'apps/*'] }));
    for (const name of ['a', 'b']) {
      mkdirSync(join(folder, 'libs/x', name), { recursive: true });
      writeFileSync(join(folder, 'libs/x', name, 'package.json'), JSON.stringify({ name: `@x/${name}` }));
    }
    mkdirSync(join(folder, 'tmp/test-results/@x'), { recursive: true });
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const report = (name: string, passed: number, failed: number, skipped = 0, retried: string[] = []): void =>
    writeFileSync(
      join(folder, 'tmp/test-results/@x', `${name}.json`),
      JSON.stringify({ passed, failed, skipped, retried }),
    );
  const summaryOf = (...args: string[]) => {
    const script = join(root, 'tools/ci/summary.mjs');
    return spawnSync(process.execPath, [script, '--root', folder, ...args], { encoding: 'utf8' });
  };
  const summarize = (...args: string[]): { lastLine: string | undefined; status: number | null } => {
    const { stdout, status } = summaryOf(...args);
    return { lastLine: stdout.trimEnd().split('\n').at(-1), status };
  };

  it('adds up what projects reported, and leaves out projects that are gone', () => {
    report('a', 3, 0);
    report('b', 4, 0);
    report('gone', 100, 100);
    expect(summarize()).toEqual({ lastLine: '7 passed, 0 failed', status: 0 });
  });

  it('names skipped tests', () => {
    report('a', 3, 0, 2);
    report('b', 4, 0);
    expect(summarize()).toEqual({ lastLine: '7 passed, 0 failed, 2 skipped', status: 0 });
  });

  it('names the tests that needed a second try, and counts them as passed', () => {
    report('a', 3, 0, 0, ['is in time']);
    report('b', 4, 0);
    expect(summarize()).toEqual({ lastLine: '7 passed, 0 failed', status: 0 });
    expect(summaryOf().stdout).toContain('Passed on the second try:\n  @x/a: is in time\n');
  });

  it.each([
    ['a test that failed', 1, [], '7 passed, 1 failed'],
    ['a test that failed, with the command', 1, ['--tests-failed'], '7 passed, 1 failed'],
    ['a command that failed without a test', 0, ['--tests-failed'], '7 passed, 1 failed'],
    ['a gate that failed', 0, ['--failed-gate', 'format'], '7 passed, 1 failed'],
  ])('fails for %s', (_what, failed, args, lastLine) => {
    report('a', 3, failed);
    report('b', 4, 0);
    expect(summarize(...args)).toEqual({ lastLine, status: 1 });
  });

  it('fails for a project that reported nothing', () => {
    report('a', 3, 0);
    expect(summarize()).toEqual({ lastLine: '3 passed, 1 failed', status: 1 });
  });

  it('fails when there was no test at all', () => {
    report('a', 0, 0);
    report('b', 0, 0);
    expect(summarize()).toEqual({ lastLine: '0 passed, 0 failed', status: 1 });
  });
});
