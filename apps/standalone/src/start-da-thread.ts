import { join } from 'node:path';
import { MessageChannel, Worker } from 'node:worker_threads';
import { EXIT, ExitError } from '@giftmesh/adapter-process';
import { messagePortTransport, type Transport } from '@giftmesh/mesh-client';
import type { DaThreadCommand, DaThreadData, DaThreadMessage } from './da-thread';
import type { Settings } from './settings';

/** Payment-DA in its thread, as the main thread sees it. */
export interface DaThread {
  readonly address: string;
  /** The way to its services. */
  readonly transport: Transport;
  /** Why it can't serve, undefined while it can. */
  problem(): string | undefined;
  /** Rejects when the thread ends by itself. */
  readonly failed: Promise<never>;
  /** Ends the thread; what it is working on has `limitMs` to come to its end. */
  drain(limitMs: number): Promise<void>;
}

/** Starts the thread; resolves when it listens. Rejects with ExitError when it can't. */
export async function startDaThread(config: Settings): Promise<DaThread> {
  const calls = new MessageChannel();
  const data: DaThreadData = { config, calls: calls.port2 };
  const worker = new Worker(join(__dirname, 'da-thread.js'), { workerData: data, transferList: [calls.port2] });
  let problem: string | undefined = 'the DA is starting';
  let draining = false;
  let onListening: (address: string) => void = () => undefined;
  let onDrained: () => void = () => undefined;
  let fail: (error: Error) => void = () => undefined;
  const listening = new Promise<string>((resolve) => (onListening = resolve));
  const drained = new Promise<void>((resolve) => (onDrained = resolve));
  const failed = new Promise<never>((_, reject) => (fail = reject));
  failed.catch(() => undefined);

  worker.on('message', (message: DaThreadMessage) => {
    switch (message.kind) {
      case 'listening':
        return onListening(message.address);
      case 'health':
        problem = message.problem;
        return;
      case 'failed':
        return fail(new ExitError(message.message, message.exitCode ?? EXIT.SOFTWARE));
      case 'drained':
        return onDrained();
    }
  });
  worker.on('error', (error) => fail(error));
  worker.on('exit', () => {
    problem = 'the DA has ended';
    if (!draining) fail(new ExitError('the DA thread has ended', EXIT.SOFTWARE));
    onDrained();
  });
  const address = await Promise.race([listening, failed]);
  const transport = messagePortTransport(calls.port1);
  return {
    address,
    transport,
    problem: () => problem,
    failed,
    drain: async (limitMs) => {
      draining = true;
      const command: DaThreadCommand = { kind: 'drain', limitMs };
      worker.postMessage(command);
      await drained;
      transport.close();
      await worker.terminate();
    },
  };
}
