#!/usr/bin/env node
// Generates libs/contract/giftmesh/src/generated from proto/: types and service definitions (ts-proto) and the
// descriptors (for reflection and method policies). With --check nothing is written: it fails when the committed
// files are not what proto/ gives.
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const contract = join(root, 'libs/contract/giftmesh');
const committed = join(contract, 'src/generated');
const buf = join(root, 'node_modules/.bin/buf');
const check = process.argv.includes('--check');

const scratch = mkdtempSync(join(tmpdir(), 'giftmesh-generate-'));
try {
  execFileSync(buf, ['generate', '--output', scratch], { cwd: contract, stdio: 'inherit' });
  const fresh = join(scratch, 'src/generated');
  const descriptors = execFileSync(buf, ['build', '--exclude-source-info', '--as-file-descriptor-set', '-o', '-'], {
    cwd: join(root, 'proto'),
  });
  writeFileSync(
    join(fresh, 'descriptors.ts'),
    '// Generated from proto/: a google.protobuf.FileDescriptorSet of all contracts, in base64.\n' +
      `export const DESCRIPTORS_BASE64 =\n  '${descriptors.toString('base64')}';\n`,
  );
  if (check) {
    const differing = differences(fresh, committed);
    if (differing.length > 0) {
      console.error(`Generated code is not what proto/ gives:\n  ${differing.join('\n  ')}\nRun: npm run generate`);
      process.exit(1);
    }
    console.log('Generated code is what proto/ gives.');
  } else {
    rmSync(committed, { recursive: true, force: true });
    mkdirSync(committed, { recursive: true });
    cpSync(fresh, committed, { recursive: true });
    console.log(`Generated ${files(committed).length} files into ${relative(root, committed)}`);
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

function files(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .sort();
}

function differences(fresh, old) {
  const names = new Set([...files(fresh), ...files(old)]);
  const read = (folder, name) => {
    try {
      return readFileSync(join(folder, name), 'utf8');
    } catch {
      return undefined;
    }
  };
  return [...names].filter((name) => read(fresh, name) !== read(old, name));
}
