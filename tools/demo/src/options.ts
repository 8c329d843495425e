import { commandLine } from '@giftmesh/adapter-process';
import { STREAMERS_MAX } from './script/stage';

/** What the command line asks for. */
export interface DemoOptions {
  readonly help: boolean;
  readonly gifts: number;
  readonly viewers: number;
  readonly streamers: number;
  /** Undefined draws one. */
  readonly seed: number | undefined;
  /** Gifts a second on average; undefined for one that suits their number. */
  readonly rate: number | undefined;
  readonly json: boolean;
  /** End when the room is reconciled instead of going on to serve. */
  readonly once: boolean;
}

/** The largest seed. */
export const SEED_MAX = 2 ** 31 - 1;
const [GIFTS, VIEWERS, STREAMERS] = [10_000, 1_000, 10];
const [GIFTS_MAX, VIEWERS_MAX, RATE_MAX] = [1_000_000, 100_000, 100_000];

/** What `--help` prints. */
export const HELP = `Usage: npm run demo -- [options]

Starts a giftmesh of its own on an empty data folder, plays a live evening on it over gRPC (real prices, sudden bursts,
20 % of the viewers give 97 % of the gifts, 77 % come for the top three streamers), shows who gave most, and proves that
the books agree with what every viewer was told. Then it serves until Ctrl+C, so that you can send a gift yourself.

Options:
  --gifts N      how many gifts are sent, 1 to ${GIFTS_MAX} (${GIFTS})
  --viewers N    how many viewers come, 10 to ${VIEWERS_MAX} (${VIEWERS})
  --streamers N  how many streamers are on, 1 to ${STREAMERS_MAX} (${STREAMERS}); the first ten share the big stage
  --rate N       gifts a second on average, 1 to ${RATE_MAX} (so that they take about 8 s, at most 2500)
  --seed S       play the evening with this seed again, 0 to ${SEED_MAX} (drawn, and printed)
  --once         end when the books are checked: exit code 0 if there is no difference, else 1
  --json         print one JSON object with the figures on stdout, everything else on stderr
  --help         this text`;

const { parse, usage } = commandLine('demo');
const OPTIONS = {
  options: {
    gifts: { type: 'string' },
    viewers: { type: 'string' },
    streamers: { type: 'string' },
    rate: { type: 'string' },
    seed: { type: 'string' },
    once: { type: 'boolean' },
    json: { type: 'boolean' },
    help: { type: 'boolean', short: 'h' },
  },
} as const;

/** Reads the arguments. Throws ExitError (64) for a command line that can't be followed. */
export function parseOptions(args: readonly string[]): DemoOptions {
  const values = parse(args, OPTIONS).values;
  const whole = (name: 'gifts' | 'viewers' | 'streamers' | 'rate' | 'seed', min: number, max: number) => {
    const text = values[name];
    if (text === undefined) return undefined;
    const value = /^\d{1,10}$/.test(text) ? Number(text) : NaN;
    if (!(value >= min && value <= max))
      throw usage(`--${name} must be a whole number from ${min} to ${max}, is ${JSON.stringify(text)}`);
    return value;
  };
  return {
    help: values.help === true,
    gifts: whole('gifts', 1, GIFTS_MAX) ?? GIFTS,
    viewers: whole('viewers', 10, VIEWERS_MAX) ?? VIEWERS,
    streamers: whole('streamers', 1, STREAMERS_MAX) ?? STREAMERS,
    seed: whole('seed', 0, SEED_MAX),
    rate: whole('rate', 1, RATE_MAX),
    json: values.json === true,
    once: values.once === true,
  };
}
