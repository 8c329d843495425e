import { fork, type ChildProcess } from 'node:child_process';
import { usageOf } from './usage-of';

describe('usageOf', () => {
  const children: ChildProcess[] = [];
  const sleeper = (): number => {
    const child = fork('-e', ['setInterval(() => undefined, 1000)'], { execArgv: [], stdio: 'ignore' });
    children.push(child);
    return child.pid ?? 0;
  };
  afterAll(() => children.forEach((child) => child.kill('SIGKILL')));

  it('adds up processes, those of one name under their name', async () => {
    const { cpuUs, rssBytes, partsUs } = await usageOf([
      ['sleeper', sleeper()],
      ['sleeper', sleeper()],
      ['own', process.pid],
    ]);
    expect(Object.keys(partsUs ?? {})).toEqual(['sleeper', 'own']);
    expect(cpuUs).toBe((partsUs?.['sleeper'] ?? NaN) + (partsUs?.['own'] ?? NaN));
    expect(partsUs?.['own']).toBeGreaterThan(0);
    expect(rssBytes).toBeGreaterThan(process.memoryUsage.rss() / 2);
  });

  it('throws for a process that is gone', async () => {
    await expect(usageOf([['gone', 2 ** 22 + 1]])).rejects.toThrow();
  });
});
