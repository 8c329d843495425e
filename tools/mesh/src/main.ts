import { runMesh } from './run-mesh';

/** Exit code when a second signal comes while everything is being ended. */
const IMPATIENT = 130;

const end = new AbortController();
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.on(name, () => {
    if (end.signal.aborted) process.exit(IMPATIENT);
    end.abort();
  });

void runMesh(process.argv.slice(2), { stdout: process.stdout, stderr: process.stderr, signal: end.signal }).then(
  (code) => process.exit(code),
);
