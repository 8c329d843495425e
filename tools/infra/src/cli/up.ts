import { join } from 'node:path';
import { isFree } from '../free-port';
import { KNOWN_SERVERS, type ServerName } from '../known-servers';
import { messageOf } from '../message-of';
import { environmentUrl, lookAtOther, lookAtOwn, type ServerReport } from './look';
import { processMark } from './process-mark';
import { readState, writeState, type InfraState, type RememberedServer } from './state-file';

/** What the commands work with. */
export interface InfraPlace {
  /** Where servers keep their files, and `infra` its own. */
  readonly folder: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Says what happens meanwhile. */
  readonly progress: (line: string) => void;
}

/** The files of a server. */
export const dataFolder = (place: InfraPlace, name: ServerName): string => join(place.folder, 'data', name);

/** Says how servers are. */
export async function status(place: InfraPlace, names: readonly ServerName[]): Promise<ServerReport[]> {
  const state = readState(place.folder);
  return Promise.all(
    names.map((name) => {
      const url = environmentUrl(name, place.environment, state);
      return url === undefined ? lookAtOwn(name, state[name]) : lookAtOther(name, url);
    }),
  );
}

/** Starts the servers that don't run, all at the same time, and says how they are. */
export async function up(place: InfraPlace, names: readonly ServerName[]): Promise<ServerReport[]> {
  let state: InfraState = readState(place.folder);
  let written = Promise.resolve();
  const remember = (name: ServerName, server: RememberedServer): Promise<void> => {
    state = { ...state, [name]: server };
    const next = state;
    written = written.then(() => writeState(place.folder, next));
    return written;
  };
  const before = await status(place, names);
  return Promise.all(
    before.map(async (report) => {
      const { name } = report;
      // One that runs and is silent may still be at work on its files: it is not ours to kill.
      if (report.state === 'up' || report.source === 'environment' || report.pid !== null) return report;
      try {
        place.progress(`${name}: starting`);
        await remember(name, await start(place, name, state[name]?.port));
        place.progress(`${name}: started`);
        return await lookAtOwn(name, state[name]);
      } catch (error) {
        return { ...report, note: messageOf(error) };
      }
    }),
  );
}

async function start(place: InfraPlace, name: ServerName, usualPort: number | undefined): Promise<RememberedServer> {
  const port = usualPort !== undefined && (await isFree(usualPort)) ? usualPort : undefined;
  const server = await KNOWN_SERVERS[name].start({ folder: dataFolder(place, name), port, detached: true });
  const mark = await processMark(server.pid);
  if (mark === undefined) throw new Error('it has ended right after its start');
  const startedAt = new Date().toISOString();
  return { url: server.url, port: server.port, process: { pid: server.pid, mark, startedAt } };
}
