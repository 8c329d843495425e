import { fork } from 'node:child_process';
import { existsSync } from 'node:fs';
import { ownUsage, processUsage } from './process-usage';

// On a real clock, beside other processes: a machine that stalls may fail it once; the second try is counted as one.
jest.retryTimes(1, { logErrorsBeforeRetry: true });

const onLinux = existsSync('/proc/self/stat');

describe('processUsage', () => {
  it('tells CPU and memory of a process, or asks it where the system does not tell', async () => {
    const usage = await processUsage(process.pid, () => Promise.resolve(ownUsage()));
    const own = ownUsage();
    expect(Math.abs(usage.cpuUs - own.cpuUs)).toBeLessThan(500_000);
    expect(usage.rssBytes / own.rssBytes).toBeGreaterThan(0.7);
    expect(usage.rssBytes / own.rssBytes).toBeLessThan(1.4);
  });

  it('grows with the work of all threads', async () => {
    const before = await processUsage(process.pid, () => Promise.resolve(ownUsage()));
    const endMs = performance.now() + 150;
    while (performance.now() < endMs);
    const after = await processUsage(process.pid, () => Promise.resolve(ownUsage()));
    expect(after.cpuUs - before.cpuUs).toBeGreaterThan(50_000);
  });

  it('fails for a process that has ended', async () => {
    const child = fork('', { execArgv: ['-e', ''], stdio: 'ignore' });
    await new Promise((resolve) => child.on('exit', resolve));
    const ask = onLinux ? undefined : () => Promise.reject(new Error('gone'));
    await expect(processUsage(child.pid ?? 0, ask)).rejects.toThrow();
  });
});
