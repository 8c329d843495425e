import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** The root of the checkout. */
export const root = join(__dirname, '../../..');

/** What the tests look at in a project's package.json. */
export interface PackageJson {
  readonly name: string;
  readonly description?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly nx?: { readonly tags?: readonly string[] };
}

/** A project of the workspace. */
export interface Project {
  readonly name: string;
  /** Relative to the root. */
  readonly folder: string;
  readonly packageJson: PackageJson;
}

/** Reads a file of the checkout. */
export function read(path: string): string {
  return readFileSync(join(root, path), 'utf8');
}

/** All projects, as tools/ci/projects.mjs finds them. */
export function projects(): Project[] {
  const folders = JSON.parse(run(process.execPath, ['tools/ci/projects.mjs'])) as string[];
  return folders.map((folder) => {
    const packageJson = JSON.parse(read(join(folder, 'package.json'))) as PackageJson;
    return { name: packageJson.name, folder, packageJson };
  });
}

/** Paths of all files that are in git or would be (not ignored), relative to the root, deleted ones left out. */
export function files(): string[] {
  return run('git', ['ls-files', '--cached', '--others', '--exclude-standard', '-z'])
    .split('\0')
    .filter((path) => path !== '' && existsSync(join(root, path)));
}

/** Names of the entries of a folder; none when it isn't there. */
export function entries(folder: string): string[] {
  return existsSync(join(root, folder)) ? readdirSync(join(root, folder)) : [];
}

function run(command: string, args: readonly string[]): string {
  return execFileSync(command, args, { cwd: root, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
}
