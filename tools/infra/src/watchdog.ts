import { spawn } from 'node:child_process';

/** Ends a server when this process is gone. */
export interface Watchdog {
  /** The server has ended by itself. */
  release(): void;
}

/**
 * Waits for a line, or for the end of the pipe, which comes when the process that holds it is gone, however it went; then kills the
 * server, waits for its end (5 s at most: nobody may be there to bury it) and removes its folder.
 */
const SCRIPT = `
read -r line && exit
kill -9 "$1"
tries=0
while [ $tries -lt 50 ] && kill -0 "$1"; do sleep 0.1; tries=$((tries + 1)); done
[ -z "$2" ] || rm -rf -- "$2"
`;

/**
 * Kills a server when this process is gone, by kill -9 too.
 * @param folder is removed then, unless undefined.
 */
export function watchOver(pid: number, folder: string | undefined): Watchdog {
  // In a session of its own, so that a Ctrl-C that ends this process does not end it too.
  const shell = spawn('/bin/sh', ['-c', SCRIPT, 'watchdog', String(pid), folder ?? ''], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  // A watchdog that is gone can't bark, and the server ends in good order all the same.
  shell.on('error', () => undefined);
  shell.stdin.on('error', () => undefined);
  shell.unref();
  (shell.stdin as unknown as { unref(): void }).unref();
  return { release: () => void shell.stdin.end('released\n') };
}
