import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';

/** A program that tests need and that Go can build. */
export interface GoProgram {
  /** What it is called on the PATH. */
  readonly name: string;
  /** Its package with a version, as `go install` takes it. */
  readonly package: string;
  /** Arguments by which it says its version, and ends with 0. */
  readonly versionArgs: readonly string[];
}

/** The longest that Go may build a program, milliseconds. */
export const GO_BUILD_LIMIT_MS = 240_000;

/**
 * The program from the PATH, or built by Go into the folder and kept there. Where neither is to be had this throws and says what to
 * install: a test that is skipped proves nothing.
 */
export function goProgram(program: GoProgram, folder: string, env: NodeJS.ProcessEnv = process.env): string {
  const { name } = program;
  const how = `Install Go (https://go.dev/dl): it builds ${program.package} from the Go module proxy; or put ${name} on the PATH.`;
  if (spawnSync(name, program.versionArgs, { env }).status === 0) return name;
  const built = join(folder, name);
  if (existsSync(built)) return built;
  if (spawnSync('go', ['version'], { env }).status !== 0) throw new Error(`There is no ${name}, and no Go. ${how}`);
  mkdirSync(folder, { recursive: true });
  const install = spawnSync('go', ['install', program.package], {
    env: { ...env, GOBIN: folder, GOFLAGS: '-mod=mod' },
    encoding: 'utf8',
    timeout: GO_BUILD_LIMIT_MS,
  });
  if (install.status === 0) return built;
  const why = install.error?.message ?? install.stderr;
  throw new Error(`There is no ${name}, and Go could not build it: ${why.trim()}\n${how}`);
}
