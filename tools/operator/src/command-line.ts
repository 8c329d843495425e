import { z } from 'zod';
import { commandLine, EXIT, embeddedSettings, ExitError } from '@giftmesh/adapter-process';
import { ConfigError, loadConfig } from '@giftmesh/kernel-config';
import { isId } from '@giftmesh/kernel-ids';
import { HELP, HELP_OF } from './help';
import { serverSettings, type ServerPlaces } from './servers/server-places';

/** What the command line asks for. */
export interface OperatorOptions {
  readonly command: Command;
  readonly dataDir: string;
  /** Where the servers of a mesh on servers are; undefined for one on a data folder. */
  readonly servers: ServerPlaces | undefined;
  /** `host:port` when it was named. */
  readonly station: string | undefined;
  readonly json: boolean;
  readonly shardCount: number;
  readonly partitionCount: number;
}

/** What the operator is asked to do. */
export type Command =
  | { readonly kind: 'help'; readonly text: string }
  | { readonly kind: 'reconcile' }
  | { readonly kind: 'dead_letters' }
  | { readonly kind: 'dropped_letters' }
  | { readonly kind: 'dead_letter'; readonly id: number }
  | { readonly kind: 'replay'; readonly which: number | 'all' }
  /** `by` is undefined for the system's user. */
  | { readonly kind: 'drop'; readonly id: number; readonly why: string; readonly by: string | undefined }
  | { readonly kind: 'outbox'; readonly eventsMax: number }
  | { readonly kind: 'account'; readonly userId: bigint; readonly recordsMax: number };

/** Records that are shown unless it is said otherwise. */
export const RECORDS_DEFAULT = 20;
/** The most records of one answer. */
export const RECORDS_MAX = 1_000;

/** Options that only some commands take, by the command's kind. */
const OWN_OPTIONS: Readonly<Partial<Record<Command['kind'], readonly (keyof Values)[]>>> = {
  reconcile: ['station'],
  account: ['station', 'records'],
  outbox: ['records'],
  dropped_letters: ['dropped'],
  replay: ['all'],
  drop: ['reason', 'by'],
};

/** Options that name a server, and the settings that they stand for. */
const SERVER_OPTIONS = [
  ['mysql', 'GIFTMESH_MYSQL_URL'],
  ['redis', 'GIFTMESH_REDIS_URL'],
  ['kafka', 'GIFTMESH_KAFKA_BROKERS'],
  ['topic', 'GIFTMESH_KAFKA_TOPIC'],
] as const;

const { parse, usage } = commandLine('operator');
const OPTIONS = {
  allowPositionals: true,
  options: {
    data: { type: 'string' },
    mysql: { type: 'string' },
    redis: { type: 'string' },
    kafka: { type: 'string' },
    topic: { type: 'string' },
    station: { type: 'string' },
    json: { type: 'boolean' },
    help: { type: 'boolean', short: 'h' },
    records: { type: 'string' },
    all: { type: 'boolean' },
    dropped: { type: 'boolean' },
    reason: { type: 'string' },
    by: { type: 'string' },
  },
} as const;

/** Reads the arguments. Throws ExitError with the code for a wrong command line or setting. */
export function parseCommandLine(
  args: readonly string[],
  variables: Readonly<Record<string, string | undefined>>,
): OperatorOptions {
  const { values, positionals } = parse(args, OPTIONS);
  const named = SERVER_OPTIONS.filter(([option]) => values[option] !== undefined);
  const settings = settingsFrom({
    ...variables,
    ...Object.fromEntries(named.map(([option, setting]) => [setting, values[option]])),
  });
  if (named.length > 0 && values.data !== undefined)
    throw usage(`--data names a folder and --${named[0]?.[0]} a server: a mesh works on either`);
  const isOnServers = named.length > 0 || (settings.GIFTMESH_STORES === 'servers' && values.data === undefined);
  const station = values.station;
  if (station !== undefined && isOnServers)
    throw usage('--station is for a data folder: the balances of servers are in Redis');
  if (station !== undefined && !/^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+):\d{1,5}$/.test(station))
    throw usage(`--station must be host:port, is ${station}`);
  if (values.data === '') throw usage('--data must name a folder');
  const command = commandOf(positionals, values);
  for (const name of ['station', 'records', 'dropped', 'all', 'reason', 'by'] as const)
    if (values[name] !== undefined && command.kind !== 'help' && OWN_OPTIONS[command.kind]?.includes(name) !== true)
      throw usage(`--${name} is not for ${positionals.join(' ')}`);
  return {
    command,
    dataDir: values.data ?? settings.GIFTMESH_DATA_DIR,
    servers: isOnServers ? settings : undefined,
    station,
    json: values.json === true,
    shardCount: settings.GIFTMESH_SHARDS,
    partitionCount: settings.GIFTMESH_PARTITIONS,
  };
}

function commandOf([word, ...rest]: readonly string[], values: Values): Command {
  if (word === undefined) return { kind: 'help', text: HELP };
  if (!isCommand(word)) throw usage(`there is no command ${word}; there are: ${Object.keys(HELP_OF).join(', ')}`);
  if (values.help === true) return { kind: 'help', text: HELP_OF[word] };
  switch (word) {
    case 'reconcile':
    case 'outbox':
      if (rest.length > 0) throw usage(`${word} takes no argument, not ${rest.join(' ')}`);
      return word === 'reconcile' ? { kind: word } : { kind: word, eventsMax: recordsOf(values) };
    case 'dlq':
      return deadLetterCommandOf(rest, values);
    case 'account': {
      const [verb, user = '', ...more] = rest;
      if (verb !== 'show' || more.length > 0) throw usage('write: account show <user>');
      const userId = /^\d{1,19}$/.test(user) ? BigInt(user) : 0n;
      if (!isId(userId)) throw usage(`a user is a positive int64, not ${user || 'nothing'}`);
      return { kind: 'account', userId, recordsMax: recordsOf(values) };
    }
  }
}

function deadLetterCommandOf([verb, ...rest]: readonly string[], values: Values): Command {
  const [id, ...more] = rest;
  if (more.length > 0) throw usage(`dlq ${verb} takes one letter at a time, not ${rest.join(' ')}`);
  switch (verb) {
    case 'list':
      if (id !== undefined) throw usage(`dlq list takes no argument, not ${id}: dlq show ${id}`);
      return { kind: values.dropped === true ? 'dropped_letters' : 'dead_letters' };
    case 'show':
      return { kind: 'dead_letter', id: letterId(id) };
    case 'replay':
      if (values.all === true && id !== undefined) throw usage(`dlq replay takes ${id} or --all, not both`);
      return { kind: 'replay', which: values.all === true ? 'all' : letterId(id) };
    case 'drop':
      if (values.reason === undefined || values.reason.trim() === '')
        throw usage('dlq drop needs to know why: --reason TEXT');
      return { kind: 'drop', id: letterId(id), why: values.reason, by: values.by };
    default:
      throw usage(`dlq can list, show, replay and drop, not ${verb ?? 'nothing'}`);
  }
}

function letterId(text = ''): number {
  const id = /^[1-9]\d{0,15}$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(id)) throw usage(`a dead letter has a number (see: dlq list), not ${text || 'nothing'}`);
  return id;
}

function recordsOf({ records }: Values): number {
  if (records === undefined) return RECORDS_DEFAULT;
  const count = /^\d{1,6}$/.test(records) ? Number(records) : 0;
  if (count < 1 || count > RECORDS_MAX) throw usage(`--records must be 1 to ${RECORDS_MAX}, is ${records}`);
  return count;
}

function isCommand(word: string): word is keyof typeof HELP_OF {
  return Object.hasOwn(HELP_OF, word);
}

function settingsFrom(variables: Readonly<Record<string, string | undefined>>) {
  const schema = z.object({ ...embeddedSettings, ...serverSettings.shape });
  // Settings of the processes may stand beside the ones that are read here.
  const own = Object.fromEntries(Object.entries(variables).filter(([name]) => name in schema.shape));
  try {
    return loadConfig(schema, own);
  } catch (error) {
    if (error instanceof ConfigError) throw new ExitError(error.message, EXIT.CONFIG);
    throw error;
  }
}

type Values = ReturnType<typeof parse<typeof OPTIONS>>['values'];
