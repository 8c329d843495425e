import { parseArgs } from 'node:util';
import { textOf, type SuiteReport } from './suite-report';

/** What every campaign can be told on the command line. */
export interface CampaignOptions {
  readonly seed: number;
  readonly quick: boolean;
  /** The campaign's own, as they were typed. */
  readonly own: Readonly<Record<string, string | undefined>>;
}

/** What came of a campaign. */
export interface CampaignOutcome {
  /** What was wrong; empty when every invariant held. */
  readonly problems: readonly string[];
  /** How to meet it again: what follows "BROKEN". */
  readonly replay: string;
  readonly report: SuiteReport;
}

/** A campaign as a command. */
export interface Campaign {
  readonly help: string;
  /** Names of the options with a value that this campaign alone has. */
  readonly ownOptions: readonly string[];
  /** Throws RangeError for options that can't be, before anything is started. */
  prepare(options: CampaignOptions): () => Promise<CampaignOutcome>;
}

const PROBLEMS_SHOWN_MAX = 20;
const SEED_MAX = 1_000_000_000;
/** sysexits.h: EX_USAGE. */
const EXIT_USAGE = 64;

/** Where a command prints. */
export interface Output {
  out(text: string): void;
  err(text: string): void;
}

const CONSOLE: Output = { out: (text) => console.log(text), err: (text) => console.error(text) };

/** Runs a campaign as the command line says: the report on stdout, all else on stderr. Returns the exit code. */
export async function runCampaign(campaign: Campaign, args: readonly string[], output = CONSOLE): Promise<number> {
  let run: () => Promise<CampaignOutcome>;
  let json: boolean;
  try {
    const values = parse(campaign, args);
    if (values['help'] === true) {
      output.err(campaign.help);
      return 0;
    }
    json = values['json'] === true;
    const seed = integerOption('seed', values['seed'], Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
    const own = Object.fromEntries(campaign.ownOptions.map((name) => [name, values[name] as string | undefined]));
    run = campaign.prepare({ seed: seed ?? Date.now() % SEED_MAX, quick: values['quick'] === true, own });
  } catch (error) {
    output.err(`${(error as Error).message}\n\n${campaign.help}`);
    return EXIT_USAGE;
  }
  const { problems, replay, report } = await run();
  if (problems.length > 0) {
    output.err(`BROKEN ${replay}`);
    for (const problem of problems.slice(0, PROBLEMS_SHOWN_MAX)) output.err(`  ${problem}`);
    if (problems.length > PROBLEMS_SHOWN_MAX) output.err(`  and ${problems.length - PROBLEMS_SHOWN_MAX} more`);
  }
  output.out(json ? JSON.stringify(report) : textOf(report));
  return problems.length === 0 ? 0 : 1;
}

function parse(
  { ownOptions }: Campaign,
  args: readonly string[],
): Readonly<Record<string, string | boolean | undefined>> {
  const flag = { type: 'boolean' } as const;
  const value = { type: 'string' } as const;
  const own = Object.fromEntries(ownOptions.map((name) => [name, value]));
  const { values } = parseArgs({
    args: [...args],
    options: { ...own, seed: value, quick: flag, json: flag, help: flag },
  });
  return values;
}

/** An option's integer, undefined where it was not given. Throws RangeError outside of its range. */
export function integerOption(
  name: string,
  text: string | boolean | undefined,
  min: number,
  max: number,
): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < min || value > max || String(text).trim() === '')
    throw new RangeError(`--${name} must be an integer from ${min} to ${max}, is ${JSON.stringify(text)}`);
  return value;
}
