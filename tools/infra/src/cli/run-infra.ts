import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { messageOf } from '../message-of';
import { HELP, parseCommandLine, UsageError, type InfraOptions } from './command-line';
import { down } from './down';
import { environmentUrl } from './look';
import { exportText, statusText, stopText } from './report-text';
import { readState, withLock } from './state-file';
import { status, up, type InfraPlace } from './up';

/** What the command works with. */
export interface InfraIo {
  /** The answer and nothing else. */
  readonly stdout: { write(text: string): unknown };
  /** Progress and complaints. */
  readonly stderr: { write(text: string): unknown };
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Default `tmp/infra` of this workspace. */
  readonly folder?: string;
}

const FOLDER = resolve(__dirname, '../../../../tmp/infra');
const INSTALL = resolve(__dirname, '../../install.sh');
const FAILED = 1;
const WRONG_USAGE = 2;

/** Runs the command line `args` and returns its exit code. */
export async function runInfra(args: readonly string[], io: InfraIo): Promise<number> {
  try {
    return await run(parseCommandLine(args), io);
  } catch (error) {
    io.stderr.write(`${messageOf(error)}\n`);
    return error instanceof UsageError ? WRONG_USAGE : FAILED;
  }
}

async function run(options: InfraOptions, { stdout, stderr, environment, folder = FOLDER }: InfraIo): Promise<number> {
  const { command, only, json } = options;
  const place: InfraPlace = { folder, environment, progress: (line) => void stderr.write(`${line}\n`) };
  switch (command) {
    case 'help':
      stdout.write(`${HELP}\n`);
      return 0;
    case 'install':
      return install(only, place);
    case 'down': {
      const servers = await withLock(folder, () => down(place, only, options.deleteData));
      stdout.write(`${json ? JSON.stringify({ servers }) : stopText(servers)}\n`);
      return 0;
    }
    case 'up':
    case 'status': {
      const servers = await (command === 'up' ? withLock(folder, () => up(place, only)) : status(place, only));
      const ok = servers.every(({ state }) => state === 'up');
      const exports = exportText(servers);
      if (json) stdout.write(`${JSON.stringify({ ok, servers })}\n`);
      else if (options.env) stdout.write(exports === '' ? '' : `${exports}\n`);
      else stdout.write(`${[statusText(servers, Date.now()), ...(exports === '' ? [] : [exports])].join('\n')}\n`);
      if (!ok && options.env) stderr.write(`${statusText(servers, Date.now())}\n`);
      return ok ? 0 : FAILED;
    }
  }
}

/** Those whose address is in the environment need nothing here. */
async function install(only: InfraOptions['only'], { folder, environment, progress }: InfraPlace): Promise<number> {
  const missing = only.filter((name) => environmentUrl(name, environment, readState(folder)) === undefined);
  for (const name of only) if (!missing.includes(name)) progress(`${name} is in the environment`);
  if (missing.length === 0) return 0;
  const script = spawn('bash', [INSTALL, ...missing], { stdio: 'inherit' });
  const [code] = (await once(script, 'exit')) as [number | null];
  return code ?? FAILED;
}
