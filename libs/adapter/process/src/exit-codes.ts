import { StartRefusedError } from '@giftmesh/kernel-errors';
import { settingsOfSubject } from './settings';

/** Exit codes of giftmesh processes, after BSD's sysexits.h. */
export const EXIT = {
  OK: 0,
  /** Something unforeseen. */
  SOFTWARE: 70,
  /** The command line is wrong. */
  USAGE: 64,
  /** A data file is corrupt, or of another program or version. */
  DATA: 65,
  /** A server can't be used as it is or does not answer, or an address can't be listened on. */
  UNAVAILABLE: 69,
  /** The data folder can't be written. */
  CANT_CREATE: 73,
  /** Another process works on the same data: try again when it has ended. */
  LOCKED: 75,
  /** The configuration is wrong. */
  CONFIG: 78,
} as const;

/** An error that ends the process with a code of its own; the message is all that people need. */
export class ExitError extends Error {
  override readonly name = 'ExitError';

  constructor(
    message: string,
    readonly exitCode: number,
    options?: { readonly cause?: unknown },
  ) {
    super(message, options);
  }
}

/** Errors of other libraries are known by their names: this one may not import them. */
const CODES_BY_PROBLEM: Readonly<Record<string, number>> = {
  corrupt: EXIT.DATA,
  foreign: EXIT.DATA,
  too_new: EXIT.DATA,
  locked: EXIT.LOCKED,
  not_writable: EXIT.CANT_CREATE,
};

/** The exit code of an error that people can do something about (a data file, an address); undefined for all others. */
export function knownExitCode(error: unknown): number | undefined {
  if (!(error instanceof Error)) return undefined;
  if (error instanceof ExitError) return error.exitCode;
  if (error instanceof StartRefusedError) return EXIT.UNAVAILABLE;
  if (error.name === 'ListenError' || (error as NodeJS.ErrnoException).syscall === 'listen') return EXIT.UNAVAILABLE;
  if (error.name === 'ConfigError') return EXIT.CONFIG;
  if (error.name === 'DataFileError') return CODES_BY_PROBLEM[String((error as { problem?: unknown }).problem)];
  return undefined;
}

/** What people are told of an error with a {@link knownExitCode}: its message, and the settings that belong to it. */
export function exitMessage(error: unknown): string {
  const { message } = error as Error;
  const settings = error instanceof StartRefusedError ? settingsOfSubject(error.subject) : [];
  return settings.length === 0 ? message : `${message}\nSettings: ${settings.join(', ')}`;
}
