import { runDemo } from './run-demo';

/** Exit code when a second signal comes while everything is being ended. */
const IMPATIENT = 130;

const end = new AbortController();
const onSignal = (): void => {
  if (end.signal.aborted) process.exit(IMPATIENT);
  end.abort();
};
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, onSignal);
// A reader that has gone away (`| head`) is no error.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => end.abort());

void runDemo(process.argv.slice(2), {
  stdout: process.stdout,
  stderr: process.stderr,
  environment: process.env,
  signal: end.signal,
}).then((code) => process.exit(code));
