import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** A program is missing; the message says how to get it. */
export class MissingProgramError extends Error {
  override readonly name = 'MissingProgramError';

  /** @param missing what is not there: `redis-server is not on the PATH`. */
  constructor(missing: string) {
    super(
      `${missing}. Tests need a real one: run \`bash tools/infra/install.sh\` (Debian, Ubuntu), or install it with the ` +
        'package manager of your system, and run them again.',
    );
  }
}

/** Debian keeps servers where only root's PATH leads. */
const SERVER_FOLDERS = ['/usr/sbin', '/usr/local/sbin'];

/**
 * The path of a program on the PATH, or where systems keep servers. Throws MissingProgramError when there is none.
 * @param path as in the variable PATH, default the process's and the folders of servers.
 */
export function findProgram(
  program: string,
  path = [process.env['PATH'] ?? '', ...SERVER_FOLDERS].join(delimiter),
): string {
  for (const folder of path.split(delimiter)) {
    const candidate = join(folder, program);
    try {
      accessSync(candidate, constants.X_OK);
      return candidate;
    } catch {
      // Not here.
    }
  }
  throw new MissingProgramError(`${program} is not on the PATH`);
}
