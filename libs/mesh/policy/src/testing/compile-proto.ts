import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Compiles the text of one proto file, with buf, into a serialized FileDescriptorSet. Throws when it does not compile. */
export function compileProto(text: string): Uint8Array {
  const folder = mkdtempSync(join(tmpdir(), 'mesh-testing-'));
  try {
    writeFileSync(join(folder, 'test.proto'), text);
    const buf = require.resolve('@bufbuild/buf/bin/buf');
    return execFileSync(process.execPath, [buf, 'build', '--as-file-descriptor-set', '-o', '-'], { cwd: folder });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
