import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

/**
 * What tells a process from a later one with the same id: when it began. Undefined when there is none, or only one that has ended and
 * waits to be buried.
 */
export async function processMark(pid: number): Promise<string | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  if (stat !== undefined) {
    // After the name, which may hold anything: the state, and 19 further the start, in ticks since that of the machine.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? undefined : fields[19];
  }
  if (process.platform === 'linux') return undefined;
  const ps = await run('ps', ['-o', 'state=,lstart=', '-p', String(pid)]).catch(() => undefined);
  const [, state, start] = /^(\S+)\s+(.+)$/.exec(ps?.stdout.trim() ?? '') ?? [];
  return state?.startsWith('Z') === true ? undefined : start;
}
