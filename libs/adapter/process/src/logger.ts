import { pino, type Logger } from 'pino';

/** From the most severe to the most talkative. */
export const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** JSON lines on stderr: stdout belongs to what people and programs asked for. int64 values are written as text. */
export function createLogger(name: string, level: LogLevel): Logger {
  return pino(
    {
      name,
      level,
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
