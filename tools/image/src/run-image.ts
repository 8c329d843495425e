import { EXIT, ExitError, exitMessage, knownExitCode } from '@giftmesh/adapter-process';
import { isOurs } from './folder';
import { IMAGES } from './images';
import { BILL_FILE, makeImage, type ImageReport } from './make-image';
import { HELP, parseCommand, type ImageCommand } from './options';

/** What the command works with. */
export interface ImageIo {
  readonly stdout: { write(text: string): unknown };
  readonly stderr: { write(text: string): unknown };
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The repository. */
  readonly root: string;
}

/** The last time that fits into the headers of an image's layers, seconds (ustar's 33 bits). */
const TIME_MAX_S = 2 ** 33 - 1;

/** Runs the command line `args` and returns its exit code. */
export async function runImage(args: readonly string[], io: ImageIo): Promise<number> {
  try {
    io.stdout.write(`${await run(parseCommand(args), io)}\n`);
    return EXIT.OK;
  } catch (error) {
    const code = knownExitCode(error);
    io.stderr.write(`${code === undefined && error instanceof Error ? error.message : exitMessage(error)}\n`);
    return code ?? EXIT.SOFTWARE;
  }
}

async function run(command: ImageCommand, { environment, root }: ImageIo): Promise<string> {
  switch (command.kind) {
    case 'help':
      return HELP;
    case 'list':
      if (command.json) return JSON.stringify(IMAGES.map(({ name, description }) => ({ name, description })));
      return IMAGES.map(({ name, description }) => `giftmesh/${name.padEnd(16)} ${description}`).join('\n');
    case 'make': {
      const { image, folder, json } = command;
      if (!isOurs(folder, BILL_FILE))
        throw new ExitError(`${folder} holds something else: name another folder`, EXIT.CANT_CREATE);
      const report = await makeImage({ root, image, folder, timeS: timeOf(environment['SOURCE_DATE_EPOCH']) });
      return json ? JSON.stringify(report) : textOf(report);
    }
  }
}

function timeOf(text = '0'): number {
  const time = /^\d{1,10}$/.test(text) ? Number(text) : NaN;
  if (time <= TIME_MAX_S) return time;
  throw new ExitError(`SOURCE_DATE_EPOCH must be seconds since 1970, is ${text}`, EXIT.CONFIG);
}

function textOf({ image, folder, files, bytes, bundleBytes, bundled, packages, digest }: ImageReport): string {
  const mib = (count: number): string => `${(count / 2 ** 20).toFixed(1)} MiB`;
  return `${image} in ${folder}
  ${mib(bytes)} in ${files} files; ${mib(bundleBytes)} of it are bundles, with ${bundled} packages in them
  ${packages.length} packages beside them: ${packages.join(', ')}
  ${digest}`;
}
