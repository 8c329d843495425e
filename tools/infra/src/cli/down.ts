import { rm } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { ServerName } from '../known-servers';
import { STOP_MS_MAX } from '../server-process';
import { environmentUrl, runs } from './look';
import { readState, writeState, type InfraState, type KnownProcess } from './state-file';
import { dataFolder, type InfraPlace } from './up';

/** What has become of a server. */
export interface StopReport {
  readonly name: ServerName;
  readonly outcome: 'stopped' | 'killed' | 'did not run' | 'left alone';
  readonly dataDeleted: boolean;
}

const ASKED_EVERY_MS = 50;
/** The longest that a killed process is waited for, milliseconds. */
const BURIED_MS_MAX = 5_000;

/** Stops the servers that were started here, in good order; those of the environment are left alone. */
export async function down(
  place: InfraPlace,
  names: readonly ServerName[],
  deleteData: boolean,
): Promise<StopReport[]> {
  const state: InfraState = readState(place.folder);
  const reports = await Promise.all(
    names.map(async (name): Promise<StopReport> => {
      const known = state[name]?.process ?? null;
      const isOther = environmentUrl(name, place.environment, state) !== undefined;
      const outcome = known === null || !(await runs(known)) ? 'did not run' : await end(known);
      if (deleteData) await rm(dataFolder(place, name), { recursive: true, force: true });
      return { name, outcome: outcome === 'did not run' && isOther ? 'left alone' : outcome, dataDeleted: deleteData };
    }),
  );
  const ended = names.flatMap((name) => {
    const server = state[name];
    return server === undefined ? [] : [[name, { ...server, process: null }] as const];
  });
  await writeState(place.folder, { ...state, ...Object.fromEntries(ended) });
  return reports;
}

async function end(known: KnownProcess): Promise<'stopped' | 'killed'> {
  signal(known, 'SIGTERM');
  // A frozen process hears of the signal only now.
  signal(known, 'SIGCONT');
  if (await endsWithin(known, STOP_MS_MAX)) return 'stopped';
  signal(known, 'SIGKILL');
  if (await endsWithin(known, BURIED_MS_MAX)) return 'killed';
  throw new Error(`process ${known.pid} does not end, not even by SIGKILL`);
}

async function endsWithin(known: KnownProcess, waitMsMax: number): Promise<boolean> {
  for (const endMs = Date.now() + waitMsMax; Date.now() < endMs; await delay(ASKED_EVERY_MS))
    if (!(await runs(known))) return true;
  return false;
}

function signal({ pid }: KnownProcess, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    // It has just ended.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
