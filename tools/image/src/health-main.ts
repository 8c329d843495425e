/** The health client in an image: `node health.js HOST:PORT [SERVICE]`. */
import { healthProblem } from './health';

/** The longest that it waits, milliseconds. */
const TIMEOUT_MS = 3_000;
const USAGE = 64;

const [address, service = '', ...more] = process.argv.slice(2);
if (address === undefined || !/^.+:\d{1,5}$/.test(address) || more.length > 0) {
  console.error('usage: node health.js HOST:PORT [SERVICE]');
  process.exitCode = USAGE;
} else
  void healthProblem({ address, service, timeoutMs: TIMEOUT_MS }).then((problem) => {
    if (problem !== undefined) console.error(`${service || address}: ${problem}`);
    process.exitCode = problem === undefined ? 0 : 1;
  });
