import { spawn } from 'node:child_process';

/** How long one npm command may take, milliseconds. */
const NPM_MS_MAX = 240_000;

/** Runs npm in a folder and resolves with its stdout. Rejects with all it said when it fails or takes too long. */
export function npm(args: readonly string[], cwd: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn('npm', args, { cwd, env: environment(), timeout: NPM_MS_MAX });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.on('error', reject);
    child.on('close', (code, signal) => {
      if (code === 0) resolve(stdout);
      else reject(new Error(`npm ${args.join(' ')} ended with ${code ?? signal}\n${stdout}\n${stderr}`));
    });
  });
}

/** What an npm around this one says about its own run (folder, workspace, script) would be believed by this one. */
function environment(): NodeJS.ProcessEnv {
  const foreign =
    /^(npm_package_|npm_lifecycle_|npm_config_(local_prefix|workspaces?|include_workspace_root|json)$|NODE_ENV$)/i;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !foreign.test(name)));
}
