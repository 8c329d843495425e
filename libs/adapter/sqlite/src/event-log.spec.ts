import { eventLogContract } from '@giftmesh/domain-money/testing';
import type { SqliteEventLogOptions } from './event-log-options';
import { LogFolder } from './event-log-test-kit';

function contractOf(
  name: string,
  options: Partial<SqliteEventLogOptions<string>>,
  canDrop: boolean,
  numRuns?: number,
): void {
  eventLogContract(
    name,
    async ({ partitionCount, codec }) => {
      const folder = new LogFolder();
      const open = () => folder.open({ ...options, partitionCount, codec, retentionMs: 0 });
      let log = open();
      return {
        log,
        advance: (ms) => folder.advance(ms),
        reopen: async () => {
          await log.close();
          log = open();
          return log;
        },
        ...(canDrop ? { dropReleased: () => folder.advance(2_000) } : {}),
        dispose: () => folder.dispose(),
      };
    },
    numRuns,
  );
}

contractOf('SqliteEventLog, inline', { writer: 'inline' }, true);
contractOf('SqliteEventLog without a tail', { writer: 'inline', tailMax: 0 }, true);
contractOf('SqliteEventLog, in a thread', { writer: 'thread', durability: 'fsync' }, false, 4);
