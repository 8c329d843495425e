import { readFile } from 'node:fs/promises';
import { ConfigError } from '@giftmesh/kernel-config';
import type { Cancel, Clock } from '@giftmesh/kernel-time';

/** The longest file that is read, bytes. */
export const BEHAVIOUR_BYTES_MAX = 1_048_576;

export interface BehaviourFileOptions {
  readonly path: string;
  readonly clock: Clock;
  /** Puts what the file says in force, or throws, and then nothing may have changed. */
  readonly apply: (behaviour: unknown) => void;
  /** Told when another behaviour is in force. */
  readonly onChange: () => void;
  /** Told, once for each, of an edit that can't be used, and of a file that is gone: the old behaviour stays. */
  readonly onProblem: (problem: string) => void;
  /** Between two looks, milliseconds. Default 1,000. */
  readonly intervalMs?: number;
}

/**
 * Keeps a behaviour as a JSON file says it, and looks for edits: by reading it, since watchers miss files that are replaced, as
 * Kubernetes does with those of a ConfigMap. Resolves when the file is in force, with how to stop.
 *
 * Rejects with ConfigError when the file can't be used at the beginning: a process does not start with a behaviour that nobody wanted.
 */
export async function followBehaviourFile(options: BehaviourFileOptions): Promise<Cancel> {
  const { path, clock, apply, onChange, onProblem, intervalMs = 1_000 } = options;
  let known = await read(path).catch((error: unknown) => {
    throw unusable(path, error);
  });
  try {
    apply(parse(known));
  } catch (error) {
    throw unusable(path, error);
  }
  let told: string | undefined;
  let stopped = false;
  let cancel: Cancel;
  const look = async (): Promise<void> => {
    try {
      const text = await read(path);
      if (stopped || text === known) return;
      // Known from now on, be it right or wrong: a wrong edit is told once.
      known = text;
      told = undefined;
      apply(parse(text));
      onChange();
    } catch (error) {
      const problem = unusable(path, error).problems.join('\n');
      if (!stopped && problem !== told) onProblem(problem);
      told = problem;
    }
  };
  const next = (): void => {
    cancel = clock.schedule(intervalMs, () => {
      void look().then(() => {
        if (!stopped) next();
      });
    });
  };
  next();
  return () => {
    stopped = true;
    cancel();
  };
}

async function read(path: string): Promise<string> {
  const bytes = await readFile(path);
  if (bytes.length > BEHAVIOUR_BYTES_MAX) {
    throw new RangeError(`must be at most ${BEHAVIOUR_BYTES_MAX} bytes, is ${bytes.length}`);
  }
  return bytes.toString();
}

function parse(text: string): unknown {
  return JSON.parse(text);
}

function unusable(path: string, error: unknown): ConfigError {
  return new ConfigError([`behaviour file ${path}: ${error instanceof Error ? error.message : String(error)}`]);
}
