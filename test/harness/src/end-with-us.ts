import { spawn } from 'node:child_process';
import type { Socket } from 'node:net';

/**
 * Has a child killed when this process ends, however it does: a shell waits for the end of a pipe that only this process holds, which
 * the kernel closes even behind a SIGKILL. Returns how to call it off, to be called when the child has ended.
 */
export function endWithUs(pid: number): () => void {
  const guard = spawn('/bin/sh', ['-c', 'read _; kill -9 "$1"', 'guard', String(pid)], {
    stdio: ['pipe', 'ignore', 'ignore'],
    // In a process group of its own: Ctrl+C must not end the guard before it has done its work.
    detached: true,
  });
  // Neither may keep this process up, and a guard that can't be started is no reason to fail.
  guard.on('error', () => undefined);
  guard.unref();
  const pipe = guard.stdin as Socket | null;
  pipe?.on('error', () => undefined);
  pipe?.unref();
  return () => void guard.kill('SIGKILL');
}
