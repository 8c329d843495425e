import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { userInfo } from 'node:os';
import { promisify } from 'node:util';
import { askMysql } from './ask-mysql';
import { findProgram } from './find-program';
import { preparedFolder } from './prepared-folder';
import { startServer, type ServerKind, type ServerPlace, type ServerProcess } from './server-process';

const run = promisify(execFile);

export interface StartMariaDbOptions extends ServerPlace {
  /** More arguments of mariadbd; they win over the defaults, which sync each commit. */
  readonly args?: readonly string[];
}

/** A MariaDB server, a process of its own on 127.0.0.1. */
export interface MariaDbServer extends ServerProcess {
  /** `mysql://user:password@127.0.0.1:port/database`. The user may do everything. */
  readonly url: string;
}

/** The database that every server has, and its user, and the user's password. */
const DATABASE = 'giftmesh';

/** What money needs: what was committed is on disk. */
const DURABLE = ['--innodb-flush-log-at-trx-commit=1', '--log-bin=binlog', '--sync-binlog=1', '--binlog-format=ROW'];

/** Small, so that a new folder is copied quickly; a server can grow it at its start. */
const LOG_FILE = '--innodb-log-file-size=16M';

const INIT = `CREATE DATABASE IF NOT EXISTS ${DATABASE};
CREATE USER IF NOT EXISTS '${DATABASE}'@'127.0.0.1' IDENTIFIED BY '${DATABASE}';
GRANT ALL ON *.* TO '${DATABASE}'@'127.0.0.1' WITH GRANT OPTION;
`;

/**
 * Starts a MariaDB server with an empty database `giftmesh` and resolves when it answers; a folder that has a database already is used as
 * it is. Rejects with MissingProgramError where MariaDB is not installed, and with what the server printed when it does not start.
 */
export async function startMariaDb(options: StartMariaDbOptions = {}): Promise<MariaDbServer> {
  const server = await startServer(mariaDbKind(options.args ?? []), options);
  return { ...server, url: `mysql://${DATABASE}:${DATABASE}@127.0.0.1:${server.port}/${DATABASE}` };
}

function mariaDbKind(more: readonly string[]): ServerKind {
  const program = findProgram('mariadbd');
  const install = findProgram('mariadb-install-db');
  const pidFile = (folder: string): string => join(folder, 'pid');
  return {
    name: 'mariadbd',
    startMsMax: 60_000,
    command: async (port, folder) => {
      const data = join(folder, 'data');
      if (!existsSync(data)) await newData(program, install, data);
      const init = join(folder, 'init.sql');
      await writeFile(init, INIT);
      const args = [
        '--no-defaults',
        `--user=${userInfo().username}`,
        `--datadir=${data}`,
        // None: its path may not be longer than about a hundred characters.
        '--socket=',
        `--pid-file=${pidFile(folder)}`,
        `--port=${port}`,
        '--bind-address=127.0.0.1',
        '--skip-name-resolve',
        `--init-file=${init}`,
        LOG_FILE,
        ...DURABLE,
        ...more,
      ];
      return { program, args };
    },
    // It listens only after its init file.
    answers: async ({ port, folder, pid }) => {
      const written = await readFile(pidFile(folder), 'utf8').catch(() => '');
      if (Number(written) !== pid) return false;
      return askMysql({ port }).then(
        () => true,
        () => false,
      );
    },
  };
}

/** Making the system's tables takes seconds, copying them does not. */
async function newData(program: string, install: string, data: string): Promise<void> {
  const { stdout } = await run(program, ['--no-defaults', '--version']);
  const version = /Ver (\S+)/.exec(stdout)?.[1] ?? 'unknown';
  const made = await preparedFolder(`mariadb-${version}-1`, async (folder) => {
    await run(install, [
      '--no-defaults',
      `--datadir=${folder}`,
      `--user=${userInfo().username}`,
      '--auth-root-authentication-method=normal',
      '--skip-test-db',
      LOG_FILE,
    ]);
  });
  // Renamed when whole: an interrupted copy must not be taken for a database.
  await preparedFolder(
    'data',
    async (folder) => {
      await run('cp', ['-R', `${made}/.`, folder]);
    },
    join(data, '..'),
  );
}
