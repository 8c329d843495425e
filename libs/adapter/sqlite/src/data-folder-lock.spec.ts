import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDataFolderLocked, lockDataFolder } from './data-folder-lock';
import { folderState } from './folder-state-test-kit';

describe('lockDataFolder', () => {
  let folder: string;
  beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'giftmesh-lock-'))));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('gives a role to one holder at a time, and makes the folder', () => {
    const inner = join(folder, 'a', 'b');
    const lock = lockDataFolder(inner, 'ledger');
    expect(() => lockDataFolder(inner, 'ledger')).toThrow('another process is ledger');
    const other = lockDataFolder(inner, 'station');
    lock.release();
    lock.release();
    lockDataFolder(inner, 'ledger').release();
    other.release();
  });

  it('is freed by the death of the process that held it', async () => {
    const script = `
      const db = new (require(${JSON.stringify(require.resolve('better-sqlite3'))}))(${JSON.stringify(join(folder, 'ledger.lock'))});
      db.exec('BEGIN EXCLUSIVE');
      console.log('held');
      setInterval(() => {}, 1000);`;
    const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    try {
      await once(child.stdout, 'data');
      expect(() => lockDataFolder(folder, 'ledger')).toThrow(expect.objectContaining({ problem: 'locked' }));
    } finally {
      child.kill('SIGKILL');
    }
    await once(child, 'exit');
    lockDataFolder(folder, 'ledger').release();
  });

  it('refuses a folder that cannot be and a role that is no word', () => {
    writeFileSync(join(folder, 'file'), '');
    expect(() => lockDataFolder(join(folder, 'file', 'x'), 'ledger')).toThrow(
      expect.objectContaining({ problem: 'not_writable' }),
    );
    expect(() => lockDataFolder(folder, '../ledger')).toThrow('../ledger');
  });

  it('is looked at without being taken, and without making a file', () => {
    expect(isDataFolderLocked(folder, 'station')).toBe(false);
    expect(folderState(folder)).toEqual({});
    const lock = lockDataFolder(folder, 'station');
    expect(isDataFolderLocked(folder, 'station')).toBe(true);
    expect(isDataFolderLocked(folder, 'ledger')).toBe(false);
    // Looking does not free it.
    expect(() => lockDataFolder(folder, 'station')).toThrow('another process is station');
    lock.release();
    const before = folderState(folder);
    expect(isDataFolderLocked(folder, 'station')).toBe(false);
    expect(folderState(folder)).toEqual(before);
    expect(() => isDataFolderLocked(folder, 'Station')).toThrow('"Station"');
  });

  it('is waited for while somebody only looks', async () => {
    const path = join(folder, 'station.lock');
    lockDataFolder(folder, 'station').release();
    const script = `
      const db = new (require(${JSON.stringify(require.resolve('better-sqlite3'))}))(${JSON.stringify(path)}, { readonly: true });
      db.exec('BEGIN');
      db.prepare('SELECT count(*) FROM sqlite_schema').get();
      console.log('looking');
      process.stdin.once('data', () => {
        const wake = new Int32Array(new SharedArrayBuffer(4));
        Atomics.wait(wake, 0, 0, 20);
        db.close();
      });`;
    const child = spawn(process.execPath, ['-e', script], { stdio: ['pipe', 'pipe', 'inherit'] });
    try {
      await once(child.stdout, 'data');
      expect(isDataFolderLocked(folder, 'station')).toBe(false);
      child.stdin.write('go\n');
      lockDataFolder(folder, 'station').release();
    } finally {
      child.kill('SIGKILL');
    }
  });
});
