import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { LoadProcess } from './load-process';
import { processUsage } from './process-usage';
import { startTestServer } from './testing/grpc-server';

type Example = (...given: unknown[]) => Promise<{ perSecond: number; p99Ms: number; serverCpuUs: number }>;
const AsyncFunction = Object.getPrototypeOf(async () => undefined).constructor as new (...parts: string[]) => Example;

describe('README.md', () => {
  it('has an example that works', async () => {
    const readme = readFileSync(join(__dirname, '../README.md'), 'utf8');
    const code = /^```ts\n([\s\S]*?)^```/m.exec(readme)?.[1]?.replace(/^import .*\n/gm, '') ?? '';
    expect(code).toContain('LoadProcess.start');
    const server = await startTestServer();
    const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
    try {
      const example = new AsyncFunction('LoadProcess', 'processUsage', 'serverPid', 'serverAddress', 'pause', code);
      const seen = await example(LoadProcess, processUsage, process.pid, server.address, pause);
      expect(seen.perSecond).toBeGreaterThan(100);
      expect(seen.p99Ms).toBeGreaterThan(0);
      expect(seen.serverCpuUs).toBeGreaterThan(0);
    } finally {
      server.stop();
    }
  });
});
