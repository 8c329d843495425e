import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { goProgram, repositoryRoot } from '@giftmesh/test-harness';

/** From the root of the repository. */
export const COMPOSE_FOLDER = 'deploy/compose';

/** A service, as far as our file says something of it. Values are those behind interpolation. */
export interface ComposeService {
  readonly image: string;
  readonly profiles?: readonly string[];
  readonly build?: { readonly context: string; readonly dockerfile: string; readonly target: string };
  readonly user?: string;
  readonly restart?: string;
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
  readonly security_opt?: readonly string[];
  readonly tmpfs?: readonly string[];
  readonly stop_grace_period?: string;
  readonly mem_limit?: string;
  readonly pids_limit?: number;
  readonly privileged?: boolean;
  readonly environment?: Readonly<Record<string, string>>;
  readonly command?: readonly string[];
  readonly ports?: readonly (
    string | { readonly target: number; readonly published: string; readonly host_ip?: string }
  )[];
  readonly volumes?: readonly string[];
  readonly deploy?: { readonly replicas: number };
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly healthcheck?: { readonly test: readonly string[] };
}

/** The file, with what anchors and variables stand for. */
export interface ComposeFile {
  readonly services: Readonly<Record<string, ComposeService>>;
  readonly volumes: Readonly<Record<string, unknown>>;
}

/** The text of our file. */
export function composeText(): string {
  return readFileSync(join(repositoryRoot(), COMPOSE_FOLDER, 'compose.yaml'), 'utf8');
}

/** Reads a compose file. Throws for a variable without a default that the environment does not have. */
export function readCompose(text: string, environment: Readonly<Record<string, string>> = {}): ComposeFile {
  const filled = text.replace(/(?<!\$)\$\{(\w+)(:-([^}]*))?\}/g, (_, name: string, hasDefault, otherwise: string) => {
    const value = environment[name] || otherwise;
    if (value === undefined || hasDefault === undefined) throw new Error(`\${${name}} has no default`);
    return value;
  });
  return parse(filled, { merge: true }) as ComposeFile;
}

/** The specification's own parser; Go names a program after its package. */
const PARSER = { name: 'cmd', package: 'github.com/compose-spec/compose-go/v2/cmd@v2.16.2', versionArgs: ['-h'] };

/**
 * What the parser of the Compose Specification has against a file: fields that it does not know, values of another type, variables that are
 * written wrong. Empty for one that it takes. Names that lead nowhere are for the tests.
 */
export function parserProblem(path: string): string {
  const program = goProgram(PARSER, join(repositoryRoot(), 'tmp/tools/compose-go'));
  const { status, stdout, stderr, error } = spawnSync(program, [path], { encoding: 'utf8' });
  if (error !== undefined) throw error;
  return status === 0 ? '' : `${stdout}${stderr}`;
}
