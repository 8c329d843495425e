import { parseArgs } from 'node:util';
import { messageOf } from '../message-of';
import { SERVER_NAMES, type ServerName } from '../known-servers';

/** What the command line asks for. */
export interface InfraOptions {
  readonly command: 'help' | 'install' | 'up' | 'down' | 'status';
  /** In the order of SERVER_NAMES. */
  readonly only: readonly ServerName[];
  readonly json: boolean;
  /** Print lines for a shell only. */
  readonly env: boolean;
  readonly deleteData: boolean;
}

/** The command line is wrong. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** What can be asked for. */
export const HELP = `Usage: npm run infra -- <command> [options]

The servers that giftmesh works with, on this machine: Redis, MariaDB, Kafka.

Commands:
  install  what is missing: Debian's packages of Redis and MariaDB, Kafka's jars through Maven
  up       starts those that don't run yet, and prints where they are and what to export
  status   what runs?
  down     stops them; what they hold stays for the next up

Options:
  --only NAMES   of redis, mariadb, kafka, with commas between them (default: all)
  --json         print one JSON object (up, status, down)
  --env          print the lines to export and nothing else (up, status): eval "$(npm run --silent infra -- up --env)"
  --delete-data  remove what they hold (down)
  --help         this text

A server whose address is in the environment is used as it is, and only asked whether it answers:
  GIFTMESH_REDIS_URL      redis://host:port
  GIFTMESH_MYSQL_URL      mysql://user:password@host:port/database
  GIFTMESH_KAFKA_BROKERS  host:port,host:port

Exit codes: 0 all is well, 1 something is down or missing, 2 the command line is wrong.`;

const COMMANDS = ['install', 'up', 'down', 'status'] as const;

/** Reads the arguments. Throws UsageError. */
export function parseCommandLine(args: readonly string[]): InfraOptions {
  const { values, positionals } = parse(args);
  const [word, ...rest] = positionals;
  const options = { json: values.json === true, env: values.env === true, deleteData: values['delete-data'] === true };
  const only = namesOf(values.only);
  if (word === undefined && values.help !== true && args.length > 0) throw usage('name a command');
  if (word === undefined || values.help === true) return { ...options, command: 'help', only };
  const command = COMMANDS.find((known) => known === word);
  if (command === undefined) throw usage(`there is no command ${word}; there are: ${COMMANDS.join(', ')}`);
  if (rest.length > 0) throw usage(`${word} takes no argument, not ${rest.join(' ')}`);
  const refuse = (option: keyof typeof options, written: string, ...commands: string[]): void => {
    if (options[option] && !commands.includes(command)) throw usage(`${written} is for ${commands.join(' and ')}`);
  };
  refuse('json', '--json', 'up', 'status', 'down');
  refuse('env', '--env', 'up', 'status');
  refuse('deleteData', '--delete-data', 'down');
  if (options.env && options.json) throw usage('either --env or --json');
  return { ...options, command, only };
}

function namesOf(text: string | undefined): readonly ServerName[] {
  if (text === undefined) return SERVER_NAMES;
  const names = text.split(',').map((name) => name.trim());
  const unknown = names.find((name) => !(SERVER_NAMES as readonly string[]).includes(name));
  if (unknown !== undefined)
    throw usage(`there is no server ${unknown || "''"}; there are: ${SERVER_NAMES.join(', ')}`);
  return SERVER_NAMES.filter((name) => names.includes(name));
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        only: { type: 'string' },
        json: { type: 'boolean' },
        env: { type: 'boolean' },
        'delete-data': { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    throw usage(messageOf(error));
  }
}

function usage(message: string): UsageError {
  return new UsageError(`${message}\nTry: npm run infra -- --help`);
}
