import type { Logger } from 'pino';
import type { z } from 'zod';
import { ConfigError, loadConfig } from '@giftmesh/kernel-config';
import { EXIT, knownExitCode } from './exit-codes';
import { createLogger, type LogLevel } from './logger';

/** What runs in a process. */
export interface Running {
  /** Ends gracefully, within a limit of its own. Called once. */
  stop(): Promise<void>;
  /** Rejects when the process can't go on. */
  readonly failed?: Promise<never>;
}

export interface ProcessDefinition<S extends z.ZodObject> {
  readonly name: string;
  /** Settings by the names of their environment variables; `GIFTMESH_LOG_LEVEL` must be among them. */
  readonly settings: S;
  readonly start: (config: z.infer<S>, logger: Logger) => Promise<Running>;
}

/**
 * Runs a process until SIGTERM or SIGINT: reads the configuration (a wrong one ends it with code 78 and names each value), starts,
 * drains on the signal. A second signal ends it at once. Resolves to the exit code.
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
  const logger = createLogger(definition.name, (config as { GIFTMESH_LOG_LEVEL: LogLevel }).GIFTMESH_LOG_LEVEL);
  const signalled = nextSignal();
  let running: Running;
  try {
    running = await definition.start(config, logger);
  } catch (error) {
    return exitCodeOf(definition.name, error, logger);
  }
  try {
    const signal = await Promise.race([signalled, ...(running.failed === undefined ? [] : [running.failed])]);
    logger.info({ signal }, 'draining');
    process.once(signal, () => process.exit(EXIT.SOFTWARE));
    await running.stop();
    logger.info('stopped');
    return EXIT.OK;
  } catch (error) {
    const code = exitCodeOf(definition.name, error, logger);
    await running.stop().catch(() => undefined);
    return code;
  }
}

function nextSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve(signal));
  });
}

function exitCodeOf(name: string, error: unknown, logger: Logger): number {
  const known = knownExitCode(error);
  if (known !== undefined) {
    console.error(`${name}: ${(error as Error).message}`);
    return known;
  }
  logger.fatal({ err: error }, 'ended by an error');
  return EXIT.SOFTWARE;
}
