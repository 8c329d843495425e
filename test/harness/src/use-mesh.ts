import type { AppOptions } from './app-process';
import { Harness, type RunningMesh } from './harness';

/** The longest that a standalone may take until it serves, milliseconds: more than {@link AppProcess.ready} waits. */
const START_LIMIT_MS = 30_000;

/**
 * One standalone for all tests of the `describe` (or file) that calls this: started before them, ended and cleared away after
 * them. What it returns is filled in by the start: use it in tests and in hooks declared behind it, not while they are declared.
 */
export function useMesh(options: Partial<Omit<AppOptions, 'app'>> = {}): RunningMesh {
  const harness = new Harness();
  let mesh: RunningMesh | undefined;
  beforeAll(async () => {
    mesh = await harness.startMesh(options);
  }, START_LIMIT_MS);
  afterAll(() => harness.close());
  const started = (): RunningMesh => {
    if (mesh === undefined) throw new Error('the mesh is not there yet: use it in tests and hooks only');
    return mesh;
  };
  return {
    get process() {
      return started().process;
    },
    get addresses() {
      return started().addresses;
    },
    get dataFolder() {
      return started().dataFolder;
    },
    get interaction() {
      return started().interaction;
    },
    get station() {
      return started().station;
    },
    get da() {
      return started().da;
    },
  };
}
