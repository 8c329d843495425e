import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import BetterSqlite3 from 'better-sqlite3';
import { openDatabase, type Database, type OpenDatabaseOptions } from './database';
import { DataFileError, type DataFileProblem } from './data-file-error';

const APPLICATION_ID = 0x67694d54;

describe('openDatabase', () => {
  let folder: string;
  let path: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'giftmesh-database-'));
    path = join(folder, 'a.db');
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const options = (more: Partial<OpenDatabaseOptions> = {}): OpenDatabaseOptions => ({
    applicationId: APPLICATION_ID,
    schemaVersion: 1,
    migrate: (db) => void db.exec('CREATE TABLE thing (id INTEGER PRIMARY KEY, text TEXT)'),
    durability: 'none',
    busyTimeoutMs: 50,
    ...more,
  });
  const fill = (db: Database, rows: number): void => {
    const insert = db.prepare('INSERT INTO thing (text) VALUES (?)');
    db.transaction(() => {
      for (let row = 0; row < rows; row += 1) insert.run(`row ${row} ${'x'.repeat(200)}`);
    })();
  };
  const digest = (): string => createHash('sha256').update(readFileSync(path)).digest('hex');
  const refusal = (more: Partial<OpenDatabaseOptions> = {}): DataFileError => {
    try {
      openDatabase(path, options(more)).close();
    } catch (error) {
      if (error instanceof DataFileError) return error;
      throw error;
    }
    throw new Error('the file was opened');
  };
  const expectRefusedUntouched = (problem: DataFileProblem, more: Partial<OpenDatabaseOptions> = {}): void => {
    const before = digest();
    const error = refusal(more);
    expect(error).toMatchObject({ problem, path });
    expect(error.message).toContain(path);
    expect(digest()).toBe(before);
  };

  it.each(['fsync', 'none'] as const)('makes a new file and opens it again (%s)', (durability) => {
    let db = openDatabase(path, options({ durability }));
    expect(db.pragma('journal_mode', { simple: true })).toBe('wal');
    expect(db.pragma('synchronous', { simple: true })).toBe(durability === 'fsync' ? 2 : 1);
    fill(db, 3);
    db.close();
    db = openDatabase(path, options({ durability, migrate: () => expect('no migration').toBe('needed') }));
    expect(db.prepare('SELECT count(*) FROM thing').pluck().get()).toBe(3);
    db.close();
  });

  it('takes an empty file for a new one', () => {
    writeFileSync(path, '');
    const db = openDatabase(path, options());
    fill(db, 1);
    db.close();
  });

  it('migrates from the version of the file, whole or not at all', () => {
    openDatabase(path, options()).close();
    const failing = (db: Database): void => {
      db.exec('ALTER TABLE thing ADD COLUMN more TEXT');
      throw new Error('half way');
    };
    expect(() => openDatabase(path, options({ schemaVersion: 3, migrate: failing }))).toThrow('half way');
    let from: number | undefined;
    const migrate = (db: Database, fromVersion: number): void => {
      from = fromVersion;
      db.exec('ALTER TABLE thing ADD COLUMN more TEXT');
    };
    openDatabase(path, options({ schemaVersion: 3, migrate })).close();
    expect(from).toBe(1);
    expect(refusal()).toMatchObject({ problem: 'too_new' });
  });

  it('refuses a file of a newer version', () => {
    openDatabase(path, options({ schemaVersion: 2 })).close();
    expectRefusedUntouched('too_new');
  });

  it('refuses a file that is not SQLite', () => {
    writeFileSync(path, 'dear diary, '.repeat(1000));
    expectRefusedUntouched('corrupt');
    writeFileSync(path, 'short');
    expectRefusedUntouched('corrupt');
  });

  it("refuses another program's SQLite file, with an application id and without", () => {
    const db = new BetterSqlite3(path);
    db.exec('CREATE TABLE theirs (id INTEGER)');
    db.close();
    expectRefusedUntouched('foreign');
    const named = new BetterSqlite3(path);
    named.pragma('application_id = 99');
    named.close();
    expectRefusedUntouched('foreign');
  });

  it('refuses a file that was cut off', () => {
    const db = openDatabase(path, options());
    fill(db, 500);
    db.close();
    truncateSync(path, 20_000);
    expectRefusedUntouched('corrupt');
  });

  it('refuses a file with damaged pages', () => {
    const db = openDatabase(path, options());
    fill(db, 500);
    db.close();
    const bytes = readFileSync(path);
    bytes.fill(0x5a, 4096, 12_288);
    writeFileSync(path, bytes);
    expectRefusedUntouched('corrupt');
  });

  it('refuses a folder, a missing folder and a path below a file', () => {
    mkdirSync(path);
    expect(refusal()).toMatchObject({ problem: 'not_writable' });
    path = join(folder, 'missing', 'a.db');
    expect(refusal()).toMatchObject({ problem: 'not_writable' });
    writeFileSync(join(folder, 'file'), '');
    path = join(folder, 'file', 'a.db');
    expect(refusal()).toMatchObject({ problem: 'not_writable' });
  });

  it('refuses a file beside which nothing can be made, a new one too', () => {
    symlinkSync(`${path}-shm`, `${path}-shm`);
    expect(refusal()).toMatchObject({ problem: 'not_writable', path });
    expectRefusedUntouched('not_writable');
  });

  it('refuses a file that somebody else has locked', () => {
    openDatabase(path, options()).close();
    const other = new BetterSqlite3(path);
    other.exec('BEGIN EXCLUSIVE');
    expect(refusal()).toMatchObject({ problem: 'locked' });
    other.close();
    openDatabase(path, options()).close();
  });

  it('completes what a crash has left half done', () => {
    openDatabase(path, options()).close();
    const writer = new BetterSqlite3(path);
    writer.pragma('journal_mode = DELETE');
    writer.pragma('cache_size = 1');
    writer.exec('BEGIN IMMEDIATE');
    const insert = writer.prepare('INSERT INTO thing (text) VALUES (?)');
    for (let row = 0; row < 500; row += 1) insert.run('x'.repeat(200)); // spills into the file, behind a journal
    const [spilled, journal] = [readFileSync(path), readFileSync(`${path}-journal`)];
    writer.exec('ROLLBACK');
    writer.close();
    writeFileSync(path, spilled);
    writeFileSync(`${path}-journal`, journal);
    const db = openDatabase(path, options());
    expect(db.prepare('SELECT count(*) FROM thing').pluck().get()).toBe(0);
    db.close();
  });

  it('reads without being able to write, and only what is there', () => {
    expect(refusal({ readonly: true })).toMatchObject({ problem: 'not_writable' });
    openDatabase(path, options()).close();
    const db = openDatabase(path, options({ readonly: true }));
    expect(() => db.exec('DELETE FROM thing')).toThrow('readonly');
    db.close();
    expect(refusal({ readonly: true, schemaVersion: 2 })).toMatchObject({ problem: 'not_writable' });
  });

  it.each([0, -1, 1.5, 2 ** 31])('refuses %p as application id or version', (value) => {
    expect(() => openDatabase(path, options({ applicationId: value }))).toThrow(`is ${value}`);
    expect(() => openDatabase(path, options({ schemaVersion: value }))).toThrow(`is ${value}`);
  });
});
