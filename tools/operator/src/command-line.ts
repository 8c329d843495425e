import { parseArgs } from 'node:util';
import { z } from 'zod';
import { EXIT, embeddedSettings, ExitError } from '@giftmesh/adapter-process';
import { ConfigError, loadConfig } from '@giftmesh/kernel-config';
import { isId } from '@giftmesh/kernel-ids';

/** What the command line asks for. */
export interface OperatorOptions {
  readonly command: Command;
  readonly dataDir: string;
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
  | { readonly kind: 'account'; readonly userId: bigint };

const COMMON = `  --data DIR     the data folder (default: GIFTMESH_DATA_DIR, or data)
  --json         print one JSON object instead of tables; int64 values are text`;

const STATION = '  --station H:P  the payment station to ask (default: 127.0.0.1:7002, if the folder is in use)';

/** What can be asked for. */
export const HELP = `Usage: operator <command> [options]

Looks at the books of a giftmesh data folder. Writes nothing, and may run while the mesh does.

Commands:
  reconcile            do the books agree? (npm run reconcile)
  dlq list             events that the ledger could not apply
  account show <user>  a user's balances and newest records

Options:
${COMMON}
  --help         this text, or that of a command

Exit codes: 0 all is well, 1 the books do not agree, 64 the command line is wrong, 65 a file is damaged or not ours,
66 there is no such data folder, 69 the station that was named does not answer, 75 a file is locked.`;

const HELP_OF = {
  reconcile: `Usage: npm run reconcile -- [options]

Proves that the books agree, or lists where they don't: every account with its records, every event with its legs, orders
and reversals with theirs, all balances with what came in and went out; then the balances in the station's memory with the
ledger and what the log has on top of it, account by account. Accounts that are just changing are looked at again.

Options:
${COMMON}
${STATION}

Exit codes: 0 no difference, 1 differences (each is listed, with its event ids), and those of: operator --help.`,
  dlq: `Usage: operator dlq list [options]

Lists the records of the log that the ledger could not apply, and why.

Options:
${COMMON}

Exit codes: 0 there is none, 1 there are some, and those of: operator --help.`,
  account: `Usage: operator account show <user> [options]

Shows a user's accounts in the ledger, what the log has on top of them, what the station has in memory, and the newest records.

Options:
${COMMON}
${STATION}`,
} as const;

/** Reads the arguments. Throws ExitError with the code for a wrong command line or setting. */
export function parseCommandLine(
  args: readonly string[],
  variables: Readonly<Record<string, string | undefined>>,
): OperatorOptions {
  const { values, positionals } = parse(args);
  const settings = settingsFrom(variables);
  const station = values.station;
  if (station !== undefined && !/^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+):\d{1,5}$/.test(station))
    throw usage(`--station must be host:port, is ${station}`);
  if (values.data === '') throw usage('--data must name a folder');
  return {
    command: commandOf(positionals, values.help === true),
    dataDir: values.data ?? settings.GIFTMESH_DATA_DIR,
    station,
    json: values.json === true,
    shardCount: settings.GIFTMESH_SHARDS,
    partitionCount: settings.GIFTMESH_PARTITIONS,
  };
}

function commandOf([word, ...rest]: readonly string[], help: boolean): Command {
  if (word === undefined) return { kind: 'help', text: HELP };
  const known = word === 'reconcile' || word === 'dlq' || word === 'account';
  if (!known) throw usage(`there is no command ${word}; there are: reconcile, dlq list, account show <user>`);
  if (help) return { kind: 'help', text: HELP_OF[word] };
  switch (word) {
    case 'reconcile':
      if (rest.length > 0) throw usage(`reconcile takes no argument, not ${rest.join(' ')}`);
      return { kind: 'reconcile' };
    case 'dlq':
      if (rest.join(' ') !== 'list') throw usage(`dlq can list, not ${rest.join(' ') || 'nothing'}: operator dlq list`);
      return { kind: 'dead_letters' };
    case 'account': {
      const [verb, user = '', ...more] = rest;
      if (verb !== 'show' || more.length > 0) throw usage('write: operator account show <user>');
      const userId = /^\d{1,19}$/.test(user) ? BigInt(user) : 0n;
      if (!isId(userId)) throw usage(`a user is a positive int64, not ${user || 'nothing'}`);
      return { kind: 'account', userId };
    }
  }
}

function settingsFrom(variables: Readonly<Record<string, string | undefined>>) {
  const schema = z.object(embeddedSettings);
  // Settings of the processes may stand beside the ones that are read here.
  const own = Object.fromEntries(Object.entries(variables).filter(([name]) => name in schema.shape));
  try {
    return loadConfig(schema, own);
  } catch (error) {
    if (error instanceof ConfigError) throw new ExitError(error.message, EXIT.CONFIG);
    throw error;
  }
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        data: { type: 'string' },
        station: { type: 'string' },
        json: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    throw usage(error instanceof Error ? error.message : String(error));
  }
}

function usage(message: string): ExitError {
  return new ExitError(`${message}\nTry: operator --help`, EXIT.USAGE);
}
