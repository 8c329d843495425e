import { commandLine } from '@giftmesh/adapter-process';

/** What the command line asks for. */
export type MeshOptions =
  | { readonly kind: 'help' }
  | {
      readonly kind: 'run';
      /** How many processes of each service. */
      readonly instances: number;
      /** Port of the first interaction; 0 takes free ports for all. */
      readonly basePort: number;
      /** Where processes keep logs and what is their own. */
      readonly folder: string;
      readonly json: boolean;
    };

/** The most processes of a service. */
const INSTANCES_MAX = 10;

/** What `--help` prints. */
export const HELP = `Usage: npm run mesh -- [options]

Runs the services as separate processes on Redis, Kafka and MariaDB, and prints where they listen. Servers that the
environment names are used (GIFTMESH_REDIS_URL, GIFTMESH_MYSQL_URL, GIFTMESH_KAFKA_BROKERS); the others are started, and
stay until \`npm run infra -- down\`. Ctrl+C drains and ends the services.

Options:
  --instances N   processes of each service, 1 to ${INSTANCES_MAX} (default: 2)
  --port N        the first interaction's port; stations follow at +1, DAs at +2, second instances at +10
                  (default: 7001; 0 takes free ones)
  --folder DIR    logs and rankings of the processes (default: tmp/mesh)
  --json          print one JSON line with the addresses when ready, instead of a table
  --help          this text

Exit codes: 0 ended by a signal, 64 the command line is wrong, 69 a server or a service does not start, 70 a service ended.`;

const { parse, usage } = commandLine('mesh');
const OPTIONS = {
  options: {
    instances: { type: 'string' },
    port: { type: 'string' },
    folder: { type: 'string' },
    json: { type: 'boolean' },
    help: { type: 'boolean', short: 'h' },
  },
} as const;

/** Reads the arguments. Throws ExitError for a wrong command line. */
export function parseOptions(args: readonly string[]): MeshOptions {
  const values = parse(args, OPTIONS).values;
  if (values.help === true) return { kind: 'help' };
  return {
    kind: 'run',
    instances: integer('--instances', values.instances ?? '2', 1, INSTANCES_MAX),
    basePort: integer('--port', values.port ?? '7001', 0, 65_000),
    folder: values.folder ?? 'tmp/mesh',
    json: values.json === true,
  };
}

function integer(name: string, text: string, min: number, max: number): number {
  const value = /^\d{1,6}$/.test(text) ? Number(text) : NaN;
  if (!(value >= min && value <= max)) throw usage(`${name} must be a whole number from ${min} to ${max}, is ${text}`);
  return value;
}
