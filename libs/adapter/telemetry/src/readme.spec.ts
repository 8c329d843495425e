import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as telemetry from './index';

describe('README.md', () => {
  it('has an example that works', async () => {
    const readme = readFileSync(join(__dirname, '../README.md'), 'utf8');
    const code = /^```ts\n([\s\S]*?)^```/m.exec(readme)?.[1]?.replace(/^import .*\n/gm, '') ?? '';
    expect(code).toContain('startProcessMesh(');
    type Example = (...values: readonly unknown[]) => Promise<unknown>;
    const AsyncFunction = (async () => undefined).constructor as new (...texts: readonly string[]) => Example;
    const seen = await new AsyncFunction('startProcessMesh', code)(telemetry.startProcessMesh);
    expect(seen).toEqual({ server: { admission: { kind: 'codel' } } });
  });
});
