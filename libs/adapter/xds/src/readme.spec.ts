import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readBootstrap } from './bootstrap';
import * as xds from './index';

const read = (path: string): string => readFileSync(join(__dirname, path), 'utf8');

describe('README.md', () => {
  it('has an example that works', async () => {
    const code = /^```ts\n([\s\S]*?)^```/m.exec(read('../README.md'))?.[1]?.replace(/^import .*\n/gm, '') ?? '';
    expect(code).toContain('useXds(');
    type Example = (...values: readonly unknown[]) => Promise<unknown>;
    const AsyncFunction = (async () => undefined).constructor as new (...texts: readonly string[]) => Example;
    const seen = await new AsyncFunction('isXdsTarget', 'useXds', 'process', code)(
      xds.isXdsTarget,
      xds.useXds,
      process,
    );
    expect(seen).toEqual([true, '127.0.0.1:18000', undefined]);
  });
});

describe('docs/XDS.md', () => {
  it('has a bootstrap that is taken', () => {
    const json = /^```json\n([\s\S]*?)^```/m.exec(read('../../../../docs/XDS.md'))?.[1] ?? '';
    expect(readBootstrap({ [xds.BOOTSTRAP_TEXT]: json })).toMatchObject({ node: 'interaction-0' });
  });
});
