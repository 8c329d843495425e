import type { Logger } from 'pino';
import type { z } from 'zod';
import { ConfigError, loadConfig } from '@giftmesh/kernel-config';
import { EXIT, exitMessage, knownExitCode } from './exit-codes';
import { createLogger, type LogFields, type LogLevel } from './logger';

/** What runs in a process. */
export interface Running {
  /** Ends gracefully, within a limit of its own. Called once. */
  stop(): Promise<void>;
  /** Rejects when the process can't go on. */
  readonly failed?: Promise<never>;
  /** Resolves when all is done that the process was started for; it then ends by itself, with code 0. Default: it goes on until a signal. */
  readonly done?: Promise<void>;
}

export interface ProcessDefinition<S extends z.ZodObject> {
  readonly name: string;
  /** Settings by the names of their environment variables; `GIFTMESH_LOG_LEVEL` must be among them. */
  readonly settings: S;
  /** Fields for every line of the log. Default none. */
  readonly logFields?: LogFields;
  readonly start: (config: z.infer<S>, logger: Logger) => Promise<Running>;
}

/**
 * Runs a process until SIGTERM or SIGINT: reads the configuration (a wrong one ends it with code 78 and names each value), starts,
 * drains on the signal. A second signal, of either kind and also while it starts, ends it at once with code 70. Resolves to the
 * exit code.
 */
export async function runProcess<S extends z.ZodObject<{ GIFTMESH_LOG_LEVEL: z.ZodType<LogLevel> }>>(
  definition: ProcessDefinition<S>,
): Promise<number> {
  let config: z.infer<S>;
  try {
    config = loadConfig(definition.settings, process.env);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    console.error(`${definition.name}: ${error.message}`);
    return EXIT.CONFIG;
  }
  const { GIFTMESH_LOG_LEVEL: level } = config as { GIFTMESH_LOG_LEVEL: LogLevel };
  const logger = createLogger(definition.name, level, definition.logFields);
  const signals = listenToSignals();
  try {
    return await runUntil(signals.first, () => definition.start(config, logger), definition.name, logger);
  } finally {
    signals.stop();
  }
}

async function runUntil(
  signalled: Promise<NodeJS.Signals>,
  start: () => Promise<Running>,
  name: string,
  logger: Logger,
): Promise<number> {
  let running: Running;
  try {
    running = await start();
  } catch (error) {
    return exitCodeOf(name, error, logger);
  }
  try {
    const { failed, done } = running;
    const signal = await Promise.race([
      signalled,
      ...(failed === undefined ? [] : [failed]),
      ...(done === undefined ? [] : [done]),
    ]);
    if (signal !== undefined) logger.info({ signal }, 'draining');
    await running.stop();
    logger.info('stopped');
    return EXIT.OK;
  } catch (error) {
    const code = exitCodeOf(name, error, logger);
    await running.stop().catch(() => undefined);
    return code;
  }
}

/** Listens until `stop`. Whoever sends a second signal is in a hurry: the process exits where it stands. */
function listenToSignals(): { readonly first: Promise<NodeJS.Signals>; readonly stop: () => void } {
  let seen = false;
  let onFirst: (signal: NodeJS.Signals) => void = () => undefined;
  const first = new Promise<NodeJS.Signals>((resolve) => (onFirst = resolve));
  const listener = (signal: NodeJS.Signals): void => {
    if (seen) process.exit(EXIT.SOFTWARE);
    seen = true;
    onFirst(signal);
  };
  const signals = ['SIGTERM', 'SIGINT'] as const;
  for (const signal of signals) process.on(signal, listener);
  return {
    first,
    stop: () => {
      for (const signal of signals) process.off(signal, listener);
    },
  };
}

function exitCodeOf(name: string, error: unknown, logger: Logger): number {
  const known = knownExitCode(error);
  if (known !== undefined) {
    console.error(`${name}: ${exitMessage(error)}`);
    return known;
  }
  logger.fatal({ err: error }, 'ended by an error');
  return EXIT.SOFTWARE;
}
