import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';

/** Where things that take long to make are kept between runs. It may be removed at any time. */
const PREPARED = resolve(__dirname, '../../../tmp/infra/prepared');

/**
 * A folder that is made once and used again: `make` fills it when there is none of this name. Its name must name everything that it
 * depends on (versions, options). Several processes may ask at the same time.
 */
export async function preparedFolder(
  name: string,
  make: (folder: string) => Promise<void>,
  parent = PREPARED,
): Promise<string> {
  const ready = join(parent, name);
  if (existsSync(ready)) return ready;
  await mkdir(parent, { recursive: true });
  const making = await mkdtemp(join(parent, `${name}.`));
  try {
    await make(making);
    await rename(making, ready);
  } catch (error) {
    await rm(making, { recursive: true, force: true });
    // Another process may have been first: its folder is as good.
    if (!existsSync(ready)) throw error;
  }
  return ready;
}
