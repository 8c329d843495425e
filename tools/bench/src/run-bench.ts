import { writeCharts } from './charts/write-charts';
import { environmentOf } from './environment';
import type { Durations } from './measure';
import { parseOptions, UsageError } from './options';
import { SCRATCH, STANDALONE_MAIN } from './paths';
import { MissingServersError } from './real/real-servers';
import { reportTable, type BenchReport } from './report';
import { SUITES } from './suites';

/** The exit code for a command line that can't be followed (sysexits.h). */
export const EX_USAGE = 64;

/** The exit code when servers that a suite needs are not installed (sysexits.h). */
export const EX_UNAVAILABLE = 69;

/** Where the command writes. */
export interface BenchOutput {
  /** The result and nothing else. */
  readonly out: (text: string) => void;
  /** Progress and complaints. */
  readonly err: (line: string) => void;
}

/** What tests replace. */
export interface BenchOverrides {
  readonly standaloneMain?: string;
  readonly durations?: Durations;
}

const HELP = `Usage: npm run bench -- <suite> [--json] [--quick] [--seed S] [--stores real] [--gifts N] [--in-flight N] [--svg FOLDER] [--node PATH] [--only TEXT]

Suites:
${SUITES.map(({ name, summary }) => `  ${name.padEnd(19)} ${summary}`).join('\n')}

  --json        print one JSON object, everything else on stderr
  --quick       about a minute; the mesh suites then have fewer loads and variants
  --seed S      of the workload; the same seed sends the same
  --stores real the gifts suite on Redis, Kafka and MariaDB, services in processes of their own (default: embedded)
  --gifts N     how many the soak and hot-streamer suites send
  --in-flight N calls at once in the gifts suite on real servers (default: 1024)
  --svg FOLDER  write pictures of the figures there (mesh suites)
  --node PATH   the Node that servers run on (mesh suites); clients stay on this one
  --profiles DIR profiles of the services' CPU (suites on real servers)
  --only TEXT   only variants with TEXT in their names (mesh suites; clients of gifts on real servers; workloads of ledger)`;

/** Runs the command with `args` and returns its exit code: 0, 1 when a run failed, 64 when it can't be followed, 69 when servers are missing. */
export async function runBench(
  args: readonly string[],
  { out, err }: BenchOutput,
  { standaloneMain = STANDALONE_MAIN, durations }: BenchOverrides = {},
): Promise<number> {
  try {
    const options = parseOptions(
      args,
      SUITES.map(({ name }) => name),
    );
    const suite = SUITES.find(({ name }) => name === options.suite);
    if (suite === undefined) {
      out(HELP);
      return 0;
    }
    const environment = environmentOf(SCRATCH);
    err(`suite ${suite.name}, seed ${options.seed}`);
    const { quick, seed, stores, gifts, inFlight, node, only, profiles, svg } = options;
    const {
      figures,
      notes,
      charts = [],
      broken = [],
    } = await suite.run({
      quick,
      seed,
      stores,
      gifts,
      inFlight,
      standaloneMain,
      nodePath: node,
      only,
      profiles,
      log: err,
      ...(durations === undefined ? {} : { durations }),
    });
    if (svg !== undefined) for (const path of writeCharts(svg, charts)) err(`wrote ${path}`);
    const report: BenchReport = { suite: suite.name, seed, environment, figures, notes };
    out(options.json ? JSON.stringify(report) : `\n${reportTable(report)}`);
    for (const line of broken) err(`BROKEN: ${line}`);
    return broken.length === 0 ? 0 : 1;
  } catch (error) {
    if (error instanceof MissingServersError) {
      err(error.message);
      return EX_UNAVAILABLE;
    }
    if (!(error instanceof UsageError)) {
      err(error instanceof Error ? (error.stack ?? error.message) : String(error));
      return 1;
    }
    err(`${error.message}\n\n${HELP}`);
    return EX_USAGE;
  }
}
