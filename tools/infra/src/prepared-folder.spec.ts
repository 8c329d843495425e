import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { preparedFolder } from './prepared-folder';

describe('preparedFolder', () => {
  let parent: string;
  beforeEach(() => {
    parent = mkdtempSync(join(tmpdir(), 'prepared-spec-'));
  });
  afterEach(() => rmSync(parent, { recursive: true }));

  it('makes it once, also when many ask at the same time', async () => {
    let made = 0;
    const make = async (folder: string): Promise<void> => {
      made += 1;
      await new Promise((resolve) => setImmediate(resolve));
      writeFileSync(join(folder, 'text'), 'whole');
    };
    const folders = await Promise.all([1, 2, 3].map(() => preparedFolder('a-1', make, parent)));
    expect(new Set(folders)).toEqual(new Set([join(parent, 'a-1')]));
    const before = made;
    expect(readFileSync(join(await preparedFolder('a-1', make, parent), 'text'), 'utf8')).toBe('whole');
    expect(made).toBe(before);
    expect(readdirSync(parent)).toEqual(['a-1']);
  });

  it('leaves nothing of a failure, and tries again', async () => {
    const fail = async (folder: string): Promise<void> => {
      writeFileSync(join(folder, 'half'), '');
      throw new Error('no room');
    };
    await expect(preparedFolder('b', fail, parent)).rejects.toThrow('no room');
    expect(readdirSync(parent)).toEqual([]);
    await preparedFolder('b', async () => undefined, parent);
    expect(existsSync(join(parent, 'b'))).toBe(true);
  });
});
