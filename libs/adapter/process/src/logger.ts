import { pino, type Logger } from 'pino';

/** From the most severe to the most talkative. */
export const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Fields for every line, asked for when it is written: the ids of the trace that the running code belongs to, for one. */
export type LogFields = () => object;

/**
 * JSON lines on stderr: stdout belongs to what people and programs asked for. int64 values are written as text.
 * @param fields default none.
 */
export function createLogger(name: string, level: LogLevel, fields?: LogFields): Logger {
  return pino(
    {
      name,
      level,
      ...(fields === undefined ? {} : { mixin: fields }),
      formatters: {
        log: (fields) =>
          Object.fromEntries(
            Object.entries(fields).map(([key, value]) => [key, typeof value === 'bigint' ? String(value) : value]),
          ),
      },
    },
    pino.destination({ dest: 2, sync: true }),
  );
}
