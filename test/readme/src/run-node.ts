import { spawn } from 'node:child_process';

/** How long an example may run, milliseconds: a hanging handle shows itself by never ending. */
export const RUN_MS_MAX = 20_000;

/** Runs Node in a folder and resolves with what it printed. Rejects when it fails, warns on stderr, or doesn't end within `limitMs`. */
export function runNode(args: readonly string[], cwd: string, limitMs = RUN_MS_MAX): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'], env: environment() });
    let stdout = '';
    let stderr = '';
    let late = false;
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    const timer = setTimeout(() => {
      late = true;
      child.kill('SIGKILL');
    }, limitMs);
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      if (code === 0 && stderr === '') return resolve(stdout);
      const how = late ? `did not end within ${limitMs} ms` : `ended with ${code ?? signal}`;
      reject(new Error(`the example ${how}\nstdout: ${stdout}\nstderr: ${stderr}`));
    });
  });
}

/** What the test runner sets for itself is not the example's business. */
function environment(): NodeJS.ProcessEnv {
  const { PATH, HOME, TMPDIR } = process.env;
  return { PATH, HOME, TMPDIR };
}
