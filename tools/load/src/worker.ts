// The main module of a load process; LoadProcess talks to it.
import { loadClient, stopLimitMs, type LoadSpec } from './load-spec';
import type { LoadClient } from './load-client';
import { Recorder, type Measurement } from './recorder';

/** What a load process is told. */
export type WorkerCommand =
  { readonly type: 'start'; readonly spec: LoadSpec } | { readonly type: 'measure' } | { readonly type: 'stop' };

/** What it answers, one answer a command. */
export type WorkerAnswer =
  | { readonly type: 'started' }
  | { readonly type: 'measured'; readonly measurement: Measurement }
  | { readonly type: 'failed'; readonly message: string };

const recorder = new Recorder();
let running: { client: LoadClient; limitMs: number } | undefined;

async function obey(command: WorkerCommand): Promise<WorkerAnswer> {
  switch (command.type) {
    case 'start': {
      if (running !== undefined) throw new Error('a load is running already');
      const client = loadClient(command.spec, recorder);
      await client.start();
      recorder.take();
      running = { client, limitMs: stopLimitMs(command.spec) };
      return { type: 'started' };
    }
    case 'measure':
      return { type: 'measured', measurement: recorder.take() };
    case 'stop': {
      if (running !== undefined) await Promise.race([running.client.stop(), after(running.limitMs)]);
      running = undefined;
      return { type: 'measured', measurement: recorder.take() };
    }
  }
}

function after(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
}

process.on('message', (command: WorkerCommand) => {
  obey(command).then(
    (answer) => process.send?.(answer),
    (error: unknown) =>
      process.send?.({ type: 'failed', message: error instanceof Error ? error.message : String(error) }),
  );
});
// The one who started us is gone: nobody will ever ask.
process.on('disconnect', () => process.exit(0));
