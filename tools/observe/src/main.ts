import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { generatedFiles, OBSERVE_FOLDER } from './generated';

/** Writes dashboards and rules into the repository. */
function main(): void {
  const folder = resolve(__dirname, '../../..', OBSERVE_FOLDER);
  for (const [file, text] of generatedFiles()) {
    const path = join(folder, file);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    console.log(join(OBSERVE_FOLDER, file));
  }
}

main();
