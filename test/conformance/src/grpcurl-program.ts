import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';

const GRPCURL = 'github.com/fullstorydev/grpcurl/cmd/grpcurl@v1.9.3';
const HOW = `Install Go (https://go.dev/dl): it builds ${GRPCURL} from the Go module proxy; or put grpcurl on the PATH.`;

/** The longest that Go may build it, milliseconds. */
export const BUILD_LIMIT_MS = 240_000;

/**
 * grpcurl from the PATH, or built by Go into the folder and kept there. Where neither is to be had this throws and says what to
 * install: a test that is skipped proves nothing.
 */
export function grpcurlProgram(folder: string, env: NodeJS.ProcessEnv = process.env): string {
  if (spawnSync('grpcurl', ['-version'], { env }).status === 0) return 'grpcurl';
  const built = join(folder, 'grpcurl');
  if (existsSync(built)) return built;
  if (spawnSync('go', ['version'], { env }).status !== 0) throw new Error(`There is no grpcurl, and no Go. ${HOW}`);
  mkdirSync(folder, { recursive: true });
  const install = spawnSync('go', ['install', GRPCURL], {
    env: { ...env, GOBIN: folder, GOFLAGS: '-mod=mod' },
    encoding: 'utf8',
    timeout: BUILD_LIMIT_MS,
  });
  if (install.status === 0) return built;
  const why = install.error?.message ?? install.stderr;
  throw new Error(`There is no grpcurl, and Go could not build it: ${why.trim()}\n${HOW}`);
}
