import fc from 'fast-check';
import { createConnection, type Connection, type RowDataPacket } from 'mysql2/promise';
import { testServer, type TestServer } from './mysql-test-kit';
import { ascii, bytes, integer, parts, utf8, uuid } from './sql-literals';

let server: TestServer;
let sql: Connection;
beforeAll(async () => {
  server = await testServer();
  sql = await createConnection({ uri: server.url, supportBigNumbers: true, bigNumberStrings: true });
  await sql.query(
    `CREATE TEMPORARY TABLE t (n BIGINT, a VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin, v VARBINARY(64),
     u MEDIUMTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin, b LONGBLOB, i BINARY(16))`,
  );
}, 60_000);
afterAll(async () => {
  await sql.end();
  await server.kill();
});

const printable = fc.string({
  unit: fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCharCode(code)),
  maxLength: 64,
});
const modes = fc.constantFrom('', 'NO_BACKSLASH_ESCAPES', 'ANSI_QUOTES');

test('what is written is what is read, in every SQL mode', async () => {
  await fc.assert(
    fc.asyncProperty(
      modes,
      fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
      printable,
      fc.string({ unit: 'grapheme' }),
      fc.uint8Array({ maxLength: 100 }),
      fc.uuid(),
      async (mode, n, a, u, b, id) => {
        await sql.query(`SET SESSION sql_mode = 'STRICT_ALL_TABLES,${mode}'`);
        await sql.query('DELETE FROM t');
        await sql.query(
          `INSERT INTO t VALUES (${integer(n)}, ${ascii(a)}, ${ascii(a)}, ${utf8(u)}, ${bytes(b)}, ${uuid(id)})`,
        );
        const [[row]] = await sql.query<RowDataPacket[]>('SELECT n, a, v, u, b, HEX(i) AS i FROM t');
        expect(String(row?.n)).toBe(String(n));
        expect(row?.a).toBe(a);
        expect((row?.v as Buffer).toString('latin1')).toBe(a);
        expect(row?.u).toBe(u);
        expect([...(row?.b as Buffer)]).toEqual([...b]);
        expect(row?.i).toBe(id.replaceAll('-', '').toUpperCase());
      },
    ),
    { numRuns: 200 },
  );
});

test.each([0.5, 2 ** 53, Number.NaN])('%d is no exact integer', (value) => {
  expect(() => integer(value)).toThrow(RangeError);
});

test('parts hold everything once, in order, and never more than their most', () => {
  fc.assert(
    fc.property(fc.array(fc.nat()), fc.integer({ min: 1, max: 10 }), (values, max) => {
      const cut = [...parts(values, max)];
      expect(cut.flat()).toEqual(values);
      expect(cut.every((part) => part.length > 0 && part.length <= max)).toBe(true);
    }),
  );
});
