import { readFileSync } from 'node:fs';
import { link, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SERVER_NAMES, type ServerName } from '../known-servers';
import { processMark } from './process-mark';

/** A server that was started here. */
export interface KnownProcess {
  readonly pid: number;
  /** Tells it from a later process of the same id. */
  readonly mark: string;
  /** ISO 8601. */
  readonly startedAt: string;
}

/** What is remembered of one kind of server. */
export interface RememberedServer {
  readonly url: string;
  /** It gets the same one the next time, if it is free then. */
  readonly port: number;
  /** Null when it was stopped. */
  readonly process: KnownProcess | null;
}

/** What `infra` remembers between its runs. */
export type InfraState = Partial<Readonly<Record<ServerName, RememberedServer>>>;

const FILE = 'state.json';
const LOCK = 'lock';

/** What is remembered in a folder. Throws when the file is damaged. */
export function readState(folder: string): InfraState {
  const path = join(folder, FILE);
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw error;
  }
  try {
    const state = JSON.parse(text) as InfraState;
    if (SERVER_NAMES.every((name) => isRemembered(state[name]))) return state;
  } catch {
    // Said below.
  }
  throw new Error(`${path} is damaged: end the servers by hand, and remove it`);
}

/** Replaces what is remembered, whole or not at all. */
export async function writeState(folder: string, state: InfraState): Promise<void> {
  const path = join(folder, FILE);
  await writeFile(`${path}.new`, `${JSON.stringify(state, null, 2)}\n`);
  await rename(`${path}.new`, path);
}

/** Runs `work` while no other process does so on the same folder. Rejects when one does. */
export async function withLock<T>(folder: string, work: () => Promise<T>): Promise<T> {
  const path = join(folder, LOCK);
  await mkdir(folder, { recursive: true });
  const mine = `${path}.${process.pid}`;
  await writeFile(mine, `${process.pid} ${await processMark(process.pid)}`);
  // With all that stands in it, or not at all.
  const take = (): Promise<void> => link(mine, path);
  try {
    await take();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    const [pid, mark] = readFileSync(path, 'utf8').split(' ');
    const works = mark !== undefined && (await processMark(Number(pid))) === mark;
    if (works) throw new Error(`another \`infra\` is at work (process ${pid}): wait for it`, { cause: error });
    // Whoever held it was killed.
    await rm(path, { force: true });
    await take();
  } finally {
    await rm(mine);
  }
  try {
    return await work();
  } finally {
    await rm(path, { force: true });
  }
}

function isRemembered(server: RememberedServer | undefined): boolean {
  if (server === undefined) return true;
  const { url, port, process: known } = server;
  const isPid = known === null || (Number.isInteger(known.pid) && known.pid > 1 && typeof known.mark === 'string');
  return typeof url === 'string' && Number.isInteger(port) && isPid;
}
