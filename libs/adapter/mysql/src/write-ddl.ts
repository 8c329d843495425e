/** Writes the schema's scripts into a folder: node dist/write-ddl.js [folder] */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DDL_DIALECTS } from './schema-ddl';
import { schemaScript } from './schema-migrations';

const folder = process.argv[2] ?? join(__dirname, '../ddl');
for (const dialect of DDL_DIALECTS) writeFileSync(join(folder, `${dialect}.sql`), schemaScript(dialect));
