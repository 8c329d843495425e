/** The thread of an event log's writer. */
import { parentPort, workerData, type MessagePort } from 'node:worker_threads';
import { EventLogCommitter } from './event-log-commit';
import type { ThreadAnswer, ThreadError, ThreadRequest } from './event-log-thread-protocol';
import { openForWriter, type WriterOptions } from './event-log-writer';

if (parentPort !== null) serve(parentPort, workerData as WriterOptions);

function serve(port: MessagePort, options: WriterOptions): void {
  const answer = (message: ThreadAnswer): void => port.postMessage(message);
  try {
    const db = openForWriter(options);
    const committer = new EventLogCommitter(db);
    port.on('message', (request: ThreadRequest) => {
      if (request.kind === 'close') {
        db.close();
        port.close();
      } else answer(answerTo(committer, request));
    });
  } catch (error) {
    answer({ kind: 'not_opened', error: threadError(error) });
    port.close();
  }
}

function answerTo(committer: EventLogCommitter, request: Exclude<ThreadRequest, { kind: 'close' }>): ThreadAnswer {
  const { id } = request;
  try {
    if (request.kind === 'commit')
      return { kind: 'committed', id, offsets: committer.commit(request.batches, request.nowMs) };
    return { kind: 'dropped', id, result: committer.drop(request.released, request.beforeMs, request.limit) };
  } catch (error) {
    return { kind: 'failed', id, error: threadError(error) };
  }
}

function threadError(error: unknown): ThreadError {
  const { message, code } = error as { message?: unknown; code?: unknown };
  return { message: String(message ?? error), code: typeof code === 'string' ? code : undefined };
}
