import { join } from 'node:path';
import { runImage } from './run-image';

void runImage(process.argv.slice(2), {
  stdout: process.stdout,
  stderr: process.stderr,
  environment: process.env,
  root: join(__dirname, '../../..'),
}).then((code) => {
  process.exitCode = code;
});
