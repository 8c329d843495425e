import { resolve } from 'node:path';
import { EXIT, knownExitCode } from '@giftmesh/adapter-process';
import { MeshProcesses } from './mesh-processes';
import { meshText } from './mesh-text';
import { HELP, parseOptions, type MeshOptions } from './options';
import type { ServerUrls } from './plan';
import { serversUp } from './servers';

/** What the command works with. */
export interface MeshIo {
  /** The answer and nothing else. */
  readonly stdout: { write(text: string): unknown };
  /** Progress and complaints. */
  readonly stderr: { write(text: string): unknown };
  /** Ends the mesh when it aborts. */
  readonly signal: AbortSignal;
  /** Default starts them or finds them. */
  readonly servers?: () => Promise<ServerUrls>;
}

/** Runs the command line `args` until the signal, and returns its exit code. */
export async function runMesh(args: readonly string[], io: MeshIo): Promise<number> {
  try {
    const options = parseOptions(args);
    if (options.kind === 'run') return await run(options, io);
    io.stdout.write(`${HELP}\n`);
    return EXIT.OK;
  } catch (error) {
    const code = knownExitCode(error);
    io.stderr.write(`${code === undefined ? ((error as Error).stack ?? String(error)) : (error as Error).message}\n`);
    return code ?? EXIT.SOFTWARE;
  }
}

async function run(options: Extract<MeshOptions, { kind: 'run' }>, io: MeshIo): Promise<number> {
  const { stdout, stderr, signal } = io;
  const ended = new Promise<void>((done) => signal.addEventListener('abort', () => done(), { once: true }));
  const servers = await (io.servers ?? serversUp)();
  const folder = resolve(options.folder);
  const log = (line: string): void => void stderr.write(`${line}\n`);
  try {
    const mesh = await MeshProcesses.start({ ...options, servers, folder, log, signal });
    if (mesh === undefined) return EXIT.OK;
    const { running } = mesh;
    try {
      stdout.write(
        `${options.json ? JSON.stringify({ ready: true, services: running }) : meshText(running, folder)}\n`,
      );
      await Promise.race([ended, mesh.failed]);
      return EXIT.OK;
    } finally {
      await mesh.stop();
    }
  } finally {
    log('the services have ended; the servers stay: npm run infra -- down');
  }
}
