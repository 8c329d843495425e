import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { ProcessClock } from './process-clock';

/** Prints its times again and again: each way to ask for the wall clock, and the monotonic one. */
const PROGRAM = `setInterval(() => {
  const now = Date.now();
  const same = [new Date().getTime(), Date.parse(Date()) + 500, +new (class extends Date {})()].every((other) => Math.abs(other - now) < 2_000);
  console.log(JSON.stringify({ now, same, isDate: new Date(0) instanceof Date && new Date(0).getTime() === 0, monotonic: performance.now() }));
}, 10)`;

interface Line {
  readonly now: number;
  readonly same: boolean;
  readonly isDate: boolean;
  readonly monotonic: number;
}

describe('ProcessClock', () => {
  it('jumps ahead, back, and back to the right time, and nothing else does', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'process-clock-'));
    const clock = new ProcessClock(folder);
    const child = spawn(process.execPath, ['-e', PROGRAM], {
      env: { ...process.env, ...clock.environment },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const lines = createInterface({ input: child.stdout });
    let monotonic = 0;
    const until = async (aheadMs: number): Promise<void> => {
      for (;;) {
        const [text] = (await once(lines, 'line')) as [string];
        const line = JSON.parse(text) as Line;
        expect([line.same, line.isDate]).toEqual([true, true]);
        expect(line.monotonic).toBeGreaterThan(monotonic);
        ({ monotonic } = line);
        if (Math.abs(line.now - Date.now() - aheadMs) < 10_000) return;
      }
    };
    await until(0);
    for (const aheadMs of [7_200_000, -60_000, 0]) {
      clock.set(aheadMs);
      await until(aheadMs);
    }
    child.kill('SIGKILL');
    await once(child, 'close');
    rmSync(folder, { recursive: true });
  });
});
