/** The thread of an event log's writer: takes commit requests, all that have queued go into one commit. */
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { openDatabase, type Durability } from './database';
import { EventLogCommitter } from './event-log-commit';
import { EVENT_LOG_APPLICATION_ID, EVENT_LOG_SCHEMA_VERSION } from './event-log-schema';
import type { CommitAnswer, CommitRequest } from './event-log-writer';

/** The most requests of one commit. */
const REQUESTS_MAX = 64;

const port = parentPort;
if (port !== null) {
  const { path, durability } = workerData as { path: string; durability: Durability };
  const db = openDatabase(path, {
    applicationId: EVENT_LOG_APPLICATION_ID,
    schemaVersion: EVENT_LOG_SCHEMA_VERSION,
    migrate: () => undefined,
    durability,
  });
  const committer = new EventLogCommitter(db);
  port.on('message', (first: CommitRequest) => {
    const requests = [first];
    while (requests.length < REQUESTS_MAX) {
      const next = receiveMessageOnPort(port) as { message: CommitRequest } | undefined;
      if (next === undefined) break;
      requests.push(next.message);
    }
    port.postMessage(commitAll(committer, requests));
  });
}

function commitAll(committer: EventLogCommitter, requests: readonly CommitRequest[]): CommitAnswer[] {
  try {
    const offsets = committer.commit(
      requests.flatMap(({ batches }) => batches),
      Date.now(),
    );
    let at = 0;
    return requests.map(({ id, batches }) => {
      const answer = { id, offsets: offsets.slice(at, at + batches.length) };
      at += batches.length;
      return answer;
    });
  } catch (error) {
    return requests.map(({ id }) => ({ id, error: error instanceof Error ? error.message : String(error) }));
  }
}
