import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { endWithUs } from './end-with-us';

/** Runs for a minute, or until it is killed. */
const SLEEPER = ['-e', 'setTimeout(() => undefined, 60_000)'];

describe('endWithUs', () => {
  it('kills the child when its parent is killed', async () => {
    const guarded = `
      const { spawn } = require('node:child_process');
      const child = spawn(process.execPath, ${JSON.stringify(SLEEPER)}, { stdio: ['ignore', 'inherit', 'ignore'] });
      (${endWithUs.toString().replace(/\(0,\s*\w+\.spawn\)/g, 'spawn')})(child.pid);
      console.log('started');
      setTimeout(() => undefined, 60_000);`;
    const parent = spawn(process.execPath, ['-e', guarded], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(parent.stdout, 'data');
    // The child holds the other end of this pipe: it ends when the child does.
    const ended = once(parent, 'close');
    parent.stdout.resume();
    parent.kill('SIGKILL');
    await ended;
  });

  it('leaves a child alone once it is called off', async () => {
    const child = spawn(process.execPath, SLEEPER);
    const callOff = endWithUs(child.pid as number);
    callOff();
    expect(child.exitCode).toBeNull();
    child.kill('SIGKILL');
    expect(await once(child, 'exit')).toEqual([null, 'SIGKILL']);
  });
});
