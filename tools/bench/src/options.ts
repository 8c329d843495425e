import { parseArgs } from 'node:util';

/** What the command line asks for. */
export interface BenchOptions {
  /** Undefined asks for help. */
  readonly suite: string | undefined;
  readonly json: boolean;
  readonly quick: boolean;
  readonly seed: number;
  /** What the gifts suite works on. */
  readonly stores: Stores;
  /** Gifts of the soak and the hot-streamer suite. */
  readonly gifts: number | undefined;
  /** Calls in flight of the gifts suite on real servers. */
  readonly inFlight: number | undefined;
  /** Folder that the suite's pictures are written to. */
  readonly svg: string | undefined;
  /** Node binary that the servers of the mesh suites run on. */
  readonly node: string | undefined;
  /** Of a mesh suite, only the variants whose names have this in them. */
  readonly only: string | undefined;
  /** Folder that services on real servers write profiles of their CPU to. */
  readonly profiles: string | undefined;
}

/** `embedded`: the standalone mesh. `real`: separate processes on Redis, Kafka and MariaDB. */
export const STORES = ['embedded', 'real'] as const;
/** One of {@link STORES}. */
export type Stores = (typeof STORES)[number];

/** A command line that can't be followed; the message says why. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** The seed when none is given. */
export const DEFAULT_SEED = 20_260_101;
const SEED_MAX = 2 ** 31 - 1;
const GIFTS_MAX = 1_000_000_000;
const IN_FLIGHT_MAX = 10_000;

/** Reads the arguments. Throws {@link UsageError}. */
export function parseOptions(args: readonly string[], suites: readonly string[]): BenchOptions {
  const { values, positionals } = parse(args);
  const [suite, ...rest] = positionals;
  if (rest.length > 0) throw new UsageError(`one suite at a time, not also ${rest.join(' ')}`);
  if (suite !== undefined && !suites.includes(suite))
    throw new UsageError(`there is no suite ${suite}; there are: ${suites.join(', ')}`);
  const integer = (name: string, text: string | undefined, min: number, max: number): number | undefined => {
    if (text === undefined) return undefined;
    const value = /^\d{1,10}$/.test(text) ? Number(text) : NaN;
    if (!(value >= min && value <= max))
      throw new UsageError(`--${name} must be a whole number from ${min} to ${max}, is ${text}`);
    return value;
  };
  const stores = STORES.find((known) => known === (values.stores ?? 'embedded'));
  if (stores === undefined) throw new UsageError(`--stores must be ${STORES.join(' or ')}, is ${values.stores}`);
  return {
    suite: values.help === true ? undefined : suite,
    json: values.json ?? false,
    quick: values.quick ?? false,
    seed: integer('seed', values.seed, 0, SEED_MAX) ?? DEFAULT_SEED,
    stores,
    gifts: integer('gifts', values.gifts, 1000, GIFTS_MAX),
    inFlight: integer('in-flight', values['in-flight'], 1, IN_FLIGHT_MAX),
    svg: values.svg,
    node: values.node,
    only: values.only,
    profiles: values.profiles,
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        json: { type: 'boolean' },
        quick: { type: 'boolean' },
        seed: { type: 'string' },
        stores: { type: 'string' },
        gifts: { type: 'string' },
        'in-flight': { type: 'string' },
        svg: { type: 'string' },
        node: { type: 'string' },
        profiles: { type: 'string' },
        only: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}
