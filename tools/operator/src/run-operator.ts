import { EXIT, ExitError, knownExitCode } from '@giftmesh/adapter-process';
import { ShardMap } from '@giftmesh/domain-money';
import { assertNever, StatusError } from '@giftmesh/kernel-errors';
import { parseCommandLine, type OperatorOptions } from './command-line';
import { showAccount } from './commands/show-account';
import { listDeadLetters } from './commands/list-dead-letters';
import { dataFolder, hasStation, type DataFolder } from './files/data-folder';
import { stationClient, type StationClient } from './files/station-client';
import { reconcile } from './reconcile/reconcile';
import { reportText } from './reconcile/report-text';
import { jsonOf } from './terminal/json';
import { paintFor } from './terminal/paint';
import { StatusLine, type TextStream } from './terminal/status-line';

/** Where a station listens unless it is told otherwise. */
const DEFAULT_STATION = '127.0.0.1:7002';
const PROGRESS_EVERY_MS = 5_000;

/** What the command works with. */
export interface OperatorIo {
  /** The answer and nothing else. */
  readonly stdout: TextStream;
  /** Progress and complaints. */
  readonly stderr: TextStream;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** Runs the command line `args` and returns its exit code. */
export async function runOperator(args: readonly string[], io: OperatorIo): Promise<number> {
  try {
    return await run(parseCommandLine(args, io.environment), io);
  } catch (error) {
    const code = error instanceof StatusError ? EXIT.UNAVAILABLE : knownExitCode(error);
    const text = code === undefined && error instanceof Error ? error.stack : (error as Error).message;
    io.stderr.write(`${text ?? String(error)}\n`);
    return code ?? EXIT.SOFTWARE;
  }
}

async function run(options: OperatorOptions, { stdout, stderr, environment }: OperatorIo): Promise<number> {
  const { command, json } = options;
  if (command.kind === 'help') {
    stdout.write(`${command.text}\n`);
    return EXIT.OK;
  }
  const folder = dataFolder(options.dataDir);
  const shards = shardsOf(options);
  const paint = paintFor(stdout, environment);
  const answer = (value: unknown, text: () => string): void => {
    stdout.write(`${json ? jsonOf(value) : text()}\n`);
  };
  if (command.kind === 'dead_letters') return listDeadLetters(folder, answer);
  const station = await findStation(options, folder);
  try {
    switch (command.kind) {
      case 'account':
        return await showAccount({ folder, station, userId: command.userId, answer });
      case 'reconcile': {
        const progress = new StatusLine(stderr, () => performance.now(), PROGRESS_EVERY_MS);
        const quiet = json && stderr.isTTY !== true;
        const onProgress = (text: string): void => (quiet ? undefined : progress.set(text));
        const report = await reconcile({ folder, shards, station, onProgress }).finally(() => progress.clear());
        answer(report, () => reportText(report, paint));
        return report.clean ? EXIT.OK : 1;
      }
      default:
        return assertNever(command);
    }
  } finally {
    if (typeof station !== 'string') station.close();
  }
}

function shardsOf({ shardCount, partitionCount }: OperatorOptions): ShardMap {
  try {
    return new ShardMap(shardCount, partitionCount);
  } catch (error) {
    throw new ExitError((error as Error).message, EXIT.CONFIG);
  }
}

/** The station that was named, which must answer, or the one at the usual address if it can be this folder's. */
async function findStation({ station }: OperatorOptions, folder: DataFolder): Promise<StationClient | string> {
  if (station === undefined && !hasStation(folder))
    return 'no station works on this folder, and balances are in memory only while one does';
  const client = stationClient(station ?? DEFAULT_STATION);
  const problem = await client.problem();
  if (problem === undefined) return client;
  client.close();
  if (station !== undefined) throw new ExitError(`no station answers at ${station}: ${problem}`, EXIT.UNAVAILABLE);
  return `a station works on it, but none at ${DEFAULT_STATION}: name it with --station`;
}
