import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** A program is missing; the message says how to get it. */
export class MissingProgramError extends Error {
  override readonly name = 'MissingProgramError';

  constructor(program: string) {
    super(
      `${program} is not on the PATH. Tests need a real one: run \`bash tools/infra/install.sh\` (Debian, Ubuntu), or install it with the ` +
        'package manager of your system, and run them again.',
    );
  }
}

/**
 * The path of a program on the PATH. Throws MissingProgramError when there is none.
 * @param path as in the variable PATH, default the process's.
 */
export function findProgram(program: string, path = process.env['PATH'] ?? ''): string {
  for (const folder of path.split(delimiter)) {
    const candidate = join(folder, program);
    try {
      accessSync(candidate, constants.X_OK);
      return candidate;
    } catch {
      // Not here.
    }
  }
  throw new MissingProgramError(program);
}
