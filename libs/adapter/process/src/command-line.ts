import { parseArgs, type ParseArgsConfig } from 'node:util';
import { EXIT, ExitError } from './exit-codes';

/** The command line of one of this repository's commands. */
export interface CommandLine {
  /** What to throw for a wrong one: it says where help is, and ends the process with 64. */
  readonly usage: (message: string) => ExitError;
  /** As `parseArgs` of Node. Throws {@link usage} for what is not in `config`. */
  readonly parse: <T extends ParseArgsConfig>(args: readonly string[], config: T) => ReturnType<typeof parseArgs<T>>;
}

/** @param name as in `npm run <name>`. */
export function commandLine(name: string): CommandLine {
  const usage = (message: string): ExitError => new ExitError(`${message}\nTry: npm run ${name} -- --help`, EXIT.USAGE);
  return {
    usage,
    parse: <T extends ParseArgsConfig>(args: readonly string[], config: T) => {
      try {
        return parseArgs({ ...config, args: [...args] }) as ReturnType<typeof parseArgs<T>>;
      } catch (error) {
        throw usage(error instanceof Error ? error.message : String(error));
      }
    },
  };
}
