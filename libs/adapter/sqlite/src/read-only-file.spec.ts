import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import BetterSqlite3 from 'better-sqlite3';
import { openDatabase, type Database } from './database';
import { folderState, writtenState } from './folder-state-test-kit';
import { openForReading } from './read-only-file';

const OURS = { applicationId: 0x67694d54, schemaVersion: 2 };

describe('openForReading', () => {
  let folder: string;
  let path: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'giftmesh-read-only-'));
    path = join(folder, 'a.db');
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const openToWrite = (more: Partial<typeof OURS> = {}): Database =>
    openDatabase(path, {
      ...OURS,
      ...more,
      migrate: (db) => void db.exec('CREATE TABLE thing (id INTEGER PRIMARY KEY, text TEXT)'),
      durability: 'none',
    });
  const add = (db: Database, text: string): void => void db.prepare('INSERT INTO thing (text) VALUES (?)').run(text);
  const texts = (db: Database): unknown[] => db.prepare('SELECT text FROM thing ORDER BY id').pluck().all();
  const expectRefused = (problem: string): void => {
    const before = folderState(folder);
    expect(() => openForReading(path, OURS)).toThrow(expect.objectContaining({ name: 'DataFileError', problem }));
    expect(folderState(folder)).toEqual(before);
  };

  it('reads a file at rest, and leaves the folder as it was', () => {
    const writer = openToWrite();
    add(writer, 'a');
    writer.close();
    const before = folderState(folder);
    expect(Object.keys(before)).toEqual(['a.db']);
    const file = openForReading(path, OURS);
    expect(texts(file.db)).toEqual(['a']);
    expect(() => file.db.exec('DELETE FROM thing')).toThrow('readonly');
    file.close();
    file.close();
    expect(folderState(folder)).toEqual(before);
  });

  it('reads beside a writer, who is not held up and whose files stay as they are', () => {
    const writer = openToWrite();
    add(writer, 'a');
    const before = writtenState(folder);
    const file = openForReading(path, OURS);
    expect(texts(file.db)).toEqual(['a']);
    expect(writtenState(folder)).toEqual(before);
    add(writer, 'b');
    expect(texts(file.db)).toEqual(['a', 'b']);
    file.close();
    expect(readdirSync(folder)).toContain('a.db-wal');
    add(writer, 'c');
    writer.close();
    expect(readdirSync(folder)).toEqual(['a.db']);
  });

  it('leaves the log of a writer who came while it read', () => {
    openToWrite().close();
    const file = openForReading(path, OURS);
    const writer = openToWrite();
    add(writer, 'a');
    expect(texts(file.db)).toEqual(['a']);
    const before = writtenState(folder);
    file.close();
    expect(writtenState(folder)).toEqual(before);
    writer.close();
  });

  it('reads what a process that was killed has left in the write-ahead log, and leaves it there', () => {
    const writer = openToWrite();
    add(writer, 'a');
    const killed = join(folder, 'killed');
    mkdirSync(killed);
    for (const end of ['', '-wal']) copyFileSync(`${path}${end}`, join(killed, `a.db${end}`));
    writer.close();
    path = join(killed, 'a.db');
    const before = folderState(killed);
    expect(Object.keys(before)).toEqual(['a.db', 'a.db-wal']);
    const file = openForReading(path, OURS);
    expect(texts(file.db)).toEqual(['a']);
    file.close();
    expect(writtenState(killed)).toEqual(before);
  });

  it('refuses a file that is missing or empty, and makes none', () => {
    expectRefused('not_writable');
    expect(() => openForReading(path, OURS)).toThrow('there is no such data file to read');
    writeFileSync(path, '');
    expectRefused('not_writable');
  });

  it('refuses files that are damaged, cut off, or another program’s, and leaves them as they are', () => {
    writeFileSync(path, 'dear diary, '.repeat(1000));
    expectRefused('corrupt');
    rmSync(path);
    const writer = openToWrite();
    for (let row = 0; row < 500; row += 1) add(writer, 'x'.repeat(200));
    writer.close();
    truncateSync(path, 20_000);
    expectRefused('corrupt');
    rmSync(path);
    const theirs = new BetterSqlite3(path);
    theirs.pragma('journal_mode = WAL');
    theirs.exec('CREATE TABLE theirs (id INTEGER)');
    theirs.close();
    expectRefused('foreign');
  });

  it.each([
    [1, 'not_writable'],
    [3, 'too_new'],
  ])('refuses a file of version %i as %s', (schemaVersion, problem) => {
    openToWrite({ schemaVersion }).close();
    expectRefused(problem);
  });
});
