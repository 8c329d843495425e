import { execFile, type ExecFileException } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { repositoryRoot, type AppName, type AppOptions } from '@giftmesh/test-harness';
import type { ImageReport } from '@giftmesh/tool-image';

/** Who runs the processes in an image: `nonroot` of distroless images. */
const IMAGE_USER_ID = 65_532;
const TOOL = 'tools/image/dist/main.js';
const PROGRAM_LIMIT_MS = 60_000;
const OUTPUT_BYTES_MAX = 2 ** 22;

/** How a program ended. */
export interface ProgramEnd {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Makes the folder of an image by the command that people use. @param folder that is not there yet. */
export async function makeImageFolder(name: string, folder: string): Promise<ImageReport> {
  const { code, stdout, stderr } = await run([join(repositoryRoot(), TOOL), name, '--out', folder, '--json']);
  if (code !== 0) throw new Error(`the image ${name} can't be made: ${stderr}`);
  return JSON.parse(stdout) as ImageReport;
}

/** An image that was made before the tests, where nobody may write it. Throws for one that is not there. */
export function madeImage(name: string): ImageReport {
  const folder = process.env['MADE_IMAGES'];
  if (folder === undefined) throw new Error('make-images.cjs has not run');
  return JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8')) as ImageReport;
}

/** Folders and files within a folder, sorted. */
export function filesOf(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort();
}

/** An app as a container runs it: from the image, as a user who may write nothing but the data folder. */
export function inImage(
  { folder }: ImageReport,
  app: AppName,
  dataFolder: string,
): Pick<AppOptions, 'app' | 'main' | 'userId' | 'dataFolder'> {
  return { app, main: join(folder, 'main.js'), dataFolder, ...imageUser() };
}

/** The image's user where this process may choose, otherwise its own. */
export function imageUser(): { readonly userId?: number } {
  return process.getuid?.() === 0 ? { userId: IMAGE_USER_ID } : {};
}

/** Runs a Node program to its end, as {@link imageUser} if it is one of an image. */
export async function run(
  args: readonly string[],
  { userId, env, cwd }: { readonly userId?: number; readonly env?: NodeJS.ProcessEnv; readonly cwd?: string } = {},
): Promise<ProgramEnd> {
  const options = {
    timeout: PROGRAM_LIMIT_MS,
    maxBuffer: OUTPUT_BYTES_MAX,
    ...(userId === undefined ? {} : { uid: userId, gid: userId }),
    ...(cwd === undefined ? {} : { cwd }),
    env: { ...process.env, ...env },
  };
  try {
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [...args], options);
    return { code: 0, stdout, stderr };
  } catch (error) {
    const { code, stdout = '', stderr = '' } = error as ExecFileException;
    if (typeof code !== 'number') throw error;
    return { code, stdout, stderr };
  }
}
