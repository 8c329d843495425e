import { EXIT, ExitError, knownExitCode } from '@giftmesh/adapter-process';
import { ShardMap } from '@giftmesh/domain-money';
import { assertNever, StatusError } from '@giftmesh/kernel-errors';
import { systemClock } from '@giftmesh/kernel-time';
import { parseCommandLine, type Command, type OperatorOptions } from './command-line';
import type { Answer } from './commands/answer';
import { listDeadLetters, listDroppedLetters, showDeadLetter } from './commands/dead-letters';
import { dropDeadLetter, replayLetters } from './commands/replay-letters';
import { showAccount } from './commands/show-account';
import { showOutbox } from './commands/show-outbox';
import { dataFolder, hasStation, type DataFolder } from './files/data-folder';
import { folderStores } from './files/folder-stores';
import { stationClient, type StationClient } from './files/station-client';
import { reconcile } from './reconcile/reconcile';
import { reportText } from './reconcile/report-text';
import type { OperatorStores } from './stores';
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
  const stores = folderStores(folder, shards);
  const nowMs = systemClock.nowMs();
  const progress = new StatusLine(stderr, () => performance.now(), PROGRESS_EVERY_MS);
  const quiet = json && stderr.isTTY !== true;
  const onProgress = (text: string): void => (quiet ? undefined : progress.set(text));
  const answer: Answer = (value, text) => {
    progress.clear();
    stdout.write(`${json ? jsonOf(value) : text()}\n`);
  };
  try {
    switch (command.kind) {
      case 'account':
        return await askingStation(options, folder, (station) =>
          showAccount({ stores, nowMs, station, answer, userId: command.userId, recordsMax: command.recordsMax }),
        );
      case 'reconcile':
        return await askingStation(options, folder, async (station) => {
          const report = await reconcile({ folder, shards, station, onProgress });
          answer(report, () => reportText(report, paintFor(stdout, environment)));
          return report.clean ? EXIT.OK : 1;
        });
      default:
        return await runOnStores(command, stores, nowMs, answer, onProgress);
    }
  } finally {
    progress.clear();
  }
}

/** Commands for which it is all the same whether the stores are files or servers. */
function runOnStores(
  command: Exclude<Command, { kind: 'help' | 'reconcile' | 'account' }>,
  stores: OperatorStores,
  nowMs: number,
  answer: Answer,
  onProgress: (text: string) => void,
): Promise<number> {
  switch (command.kind) {
    case 'dead_letters':
      return listDeadLetters(stores, nowMs, answer);
    case 'dropped_letters':
      return listDroppedLetters(stores, answer);
    case 'dead_letter':
      return showDeadLetter(stores, command.id, nowMs, answer);
    case 'replay':
      return replayLetters(stores, command.which, answer, onProgress);
    case 'drop':
      return dropDeadLetter(stores, command.id, command, answer);
    case 'outbox':
      return showOutbox(stores, command.eventsMax, nowMs, answer);
    default:
      return assertNever(command);
  }
}

async function askingStation(
  options: OperatorOptions,
  folder: DataFolder,
  work: (station: StationClient | string) => Promise<number>,
): Promise<number> {
  const station = await findStation(options, folder);
  try {
    return await work(station);
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
