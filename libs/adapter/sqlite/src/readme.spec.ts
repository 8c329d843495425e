import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sourceThread, textCodec, turn } from './event-log-test-kit';
import * as sqlite from './index';

type Example = (...values: readonly unknown[]) => Promise<unknown>;

describe('README.md', () => {
  let folder: string;
  beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'giftmesh-readme-'))));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('has an example that works', async () => {
    const readme = readFileSync(join(__dirname, '../README.md'), 'utf8');
    const code = /^```ts\n([\s\S]*?)^```/m.exec(readme)?.[1]?.replace(/^import .*\n/gm, '') ?? '';
    expect(code).toContain('log.append(');
    const { lockDataFolder } = sqlite;
    /** The thread runs from source here. */
    class SqliteEventLog extends sqlite.SqliteEventLog<string> {
      constructor(options: sqlite.SqliteEventLogOptions<string>) {
        super({ ...options, threadFile: sourceThread('event-log-thread.ts') });
      }
    }
    const until = async (isTrue: () => boolean): Promise<void> => {
      while (!isTrue()) await turn();
    };
    const positions = [{ partition: 1, offset: 0 }];
    const parts = { lockDataFolder, SqliteEventLog, folder, codec: textCodec, positions, until };
    const AsyncFunction = (async () => undefined).constructor as new (...texts: readonly string[]) => Example;
    const seen = await new AsyncFunction(...Object.keys(parts), code)(...Object.values(parts));
    expect(seen).toEqual([{ partition: 1, offset: 0, content: { ok: true, value: 'a gift' } }]);
  });
});
