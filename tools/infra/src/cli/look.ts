import { messageOf } from '../message-of';
import { KNOWN_SERVERS, type ServerName } from '../known-servers';
import { processMark } from './process-mark';
import type { InfraState, KnownProcess, RememberedServer } from './state-file';

/** What is known of one server now. */
export interface ServerReport {
  readonly name: ServerName;
  readonly state: 'up' | 'down';
  /** Where its address comes from: the environment, or this command, which started it. */
  readonly source: 'environment' | 'own';
  readonly variable: string;
  /** Null where it never ran. A password from the environment is not shown. */
  readonly url: string | null;
  readonly pid: number | null;
  /** ISO 8601. */
  readonly startedAt: string | null;
  /** Why it is down, or what else is to be said. */
  readonly note: string | null;
}

/** The address that the environment names, if it names one that is not that of the server which was started here. */
export function environmentUrl(
  name: ServerName,
  environment: Readonly<Record<string, string | undefined>>,
  state: InfraState,
): string | undefined {
  const url = environment[KNOWN_SERVERS[name].variable] || undefined;
  return url === state[name]?.url ? undefined : url;
}

/** Asks a server whose address is in the environment. */
export async function lookAtOther(name: ServerName, url: string): Promise<ServerReport> {
  const { variable, check } = KNOWN_SERVERS[name];
  const problem = await problemOf(() => check(url));
  const shown = url.replace(/(:\/\/[^:@/]*:)[^@/]*@/, '$1***@');
  const note = problem === null ? null : `it does not answer: ${problem}`;
  return report(name, { state: problem === null ? 'up' : 'down', source: 'environment', variable, url: shown, note });
}

/** Asks a server that was started here. */
export async function lookAtOwn(name: ServerName, remembered: RememberedServer | undefined): Promise<ServerReport> {
  const { variable, check } = KNOWN_SERVERS[name];
  const own = { source: 'own', variable, url: remembered?.url ?? null } as const;
  const known = remembered?.process ?? null;
  if (remembered === undefined || known === null) return report(name, { ...own, state: 'down', note: 'not started' });
  const { pid, startedAt } = known;
  if (!(await runs(known))) return report(name, { ...own, state: 'down', note: 'it has ended by itself' });
  const problem = await problemOf(() => check(remembered.url));
  const note = problem === null ? null : `it runs, and does not answer: ${problem}; stop it with: infra down`;
  return report(name, { ...own, state: problem === null ? 'up' : 'down', pid, startedAt, note });
}

/** Whether a process that was started here still runs. */
export async function runs({ pid, mark }: KnownProcess): Promise<boolean> {
  return (await processMark(pid)) === mark;
}

type Seen = Pick<ServerReport, 'state' | 'source' | 'variable'> & Partial<ServerReport>;

function report(name: ServerName, seen: Seen): ServerReport {
  const { state, source, variable, url = null, pid = null, startedAt = null, note = null } = seen;
  return { name, state, source, variable, url, pid, startedAt, note };
}

async function problemOf(check: () => Promise<void>): Promise<string | null> {
  try {
    await check();
    return null;
  } catch (error) {
    return messageOf(error);
  }
}
