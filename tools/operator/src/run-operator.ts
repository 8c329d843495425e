import { EXIT, ExitError, exitMessage, knownExitCode } from '@giftmesh/adapter-process';
import { LedgerUnavailableError, ShardMap } from '@giftmesh/domain-money';
import { assertNever, StatusError } from '@giftmesh/kernel-errors';
import { systemClock } from '@giftmesh/kernel-time';
import { parseCommandLine, type Command, type OperatorOptions } from './command-line';
import type { Answer } from './commands/answer';
import { listDeadLetters, listDroppedLetters, showDeadLetter } from './commands/dead-letters';
import { dropDeadLetter, replayLetters } from './commands/replay-letters';
import { showAccount } from './commands/show-account';
import { showOutbox } from './commands/show-outbox';
import { dataFolder } from './files/data-folder';
import { folderStores } from './files/folder-stores';
import { reconcile } from './reconcile/reconcile';
import { reportText } from './reconcile/report-text';
import { serverStores } from './servers/server-stores';
import type { OperatorBalances, OperatorStores } from './stores';
import { jsonOf } from './terminal/json';
import { paintFor } from './terminal/paint';
import { StatusLine, type TextStream } from './terminal/status-line';

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
    const code = exitCodeOf(error);
    const text = code === undefined && error instanceof Error ? error.stack : exitMessage(error);
    io.stderr.write(`${text ?? String(error)}\n`);
    return code ?? EXIT.SOFTWARE;
  }
}

/** The exit code of what an operator can do something about; undefined for what nobody has foreseen. */
export function exitCodeOf(error: unknown): number | undefined {
  // A server went away while it was read.
  if (error instanceof StatusError || error instanceof LedgerUnavailableError) return EXIT.UNAVAILABLE;
  return knownExitCode(error);
}

async function run(options: OperatorOptions, { stdout, stderr, environment }: OperatorIo): Promise<number> {
  const { command, json } = options;
  if (command.kind === 'help') {
    stdout.write(`${command.text}\n`);
    return EXIT.OK;
  }
  const shards = shardsOf(options);
  const nowMs = systemClock.nowMs();
  const progress = new StatusLine(stderr, () => performance.now(), PROGRESS_EVERY_MS);
  const quiet = json && stderr.isTTY !== true;
  const onProgress = (text: string): void => (quiet ? undefined : progress.set(text));
  const answer: Answer = (value, text) => {
    progress.clear();
    stdout.write(`${json ? jsonOf(value) : text()}\n`);
  };
  const { servers } = options;
  const stores =
    servers === undefined
      ? folderStores(dataFolder(options.dataDir), shards, options.station)
      : serverStores(servers, shards, onProgress);
  try {
    switch (command.kind) {
      case 'account':
        return await withBalances(stores, (balances) =>
          showAccount({ stores, nowMs, balances, answer, userId: command.userId, recordsMax: command.recordsMax }),
        );
      case 'outbox':
        return await withBalances(stores, (balances) => showOutbox(stores, balances, command.eventsMax, nowMs, answer));
      case 'reconcile':
        return await withBalances(stores, async (balances) => {
          const report = await reconcile({ stores, balances, onProgress });
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

/** Commands that need no balance store. */
function runOnStores(
  command: Exclude<Command, { kind: 'help' | 'reconcile' | 'account' | 'outbox' }>,
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
    default:
      return assertNever(command);
  }
}

async function withBalances(
  stores: OperatorStores,
  work: (balances: OperatorBalances | string) => Promise<number>,
): Promise<number> {
  const balances = await stores.openBalances();
  try {
    return await work(balances);
  } finally {
    if (typeof balances !== 'string') balances.close();
  }
}

function shardsOf({ shardCount, partitionCount }: OperatorOptions): ShardMap {
  try {
    return new ShardMap(shardCount, partitionCount);
  } catch (error) {
    throw new ExitError((error as Error).message, EXIT.CONFIG);
  }
}
