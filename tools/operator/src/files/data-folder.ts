import { existsSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { DataFileError, isDataFolderLocked } from '@giftmesh/adapter-sqlite';
import { ExitError } from '@giftmesh/adapter-process';

/** Exit code: what is to be read does not exist (sysexits.h). */
export const EX_NOINPUT = 66;

/** The files of a data folder. */
export interface DataFolder {
  readonly path: string;
  readonly ledgerPath: string;
  readonly logPath: string;
}

/** Throws ExitError, with what to do, when the folder or its ledger is not there. */
export function dataFolder(path: string): DataFolder {
  const folder = { path, ledgerPath: join(path, 'ledger.sqlite'), logPath: join(path, 'events.sqlite') };
  const advice = 'npm start makes one; --data DIR names another';
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true)
    throw new ExitError(`there is no data folder ${resolve(path)} (${advice})`, EX_NOINPUT);
  if (!existsSync(folder.ledgerPath))
    throw new ExitError(`there is no ledger.sqlite in ${resolve(path)} (${advice})`, EX_NOINPUT);
  return folder;
}

/** True while a station works on the folder. Only looks at its lock. */
export function hasStation({ path }: DataFolder): boolean {
  try {
    return isDataFolderLocked(path, 'station');
  } catch (error) {
    // Not ours to read: whoever runs a station here is another user, so better ask it.
    if (error instanceof DataFileError) return true;
    throw error;
  }
}
