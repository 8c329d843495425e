/** Writes the schemas' scripts into a folder: node dist/write-ddl.js [folder] */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DDL_DIALECTS } from './schema-ddl';
import { ACTIVITY_SCHEMA, schemaScript } from './schema-migrations';

const folder = process.argv[2] ?? join(__dirname, '../ddl');
for (const dialect of DDL_DIALECTS) {
  writeFileSync(join(folder, `${dialect}.sql`), schemaScript(dialect));
  writeFileSync(join(folder, `activity-${dialect}.sql`), schemaScript(dialect, ACTIVITY_SCHEMA));
}
