import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as harness from './index';

describe('README.md', () => {
  const started = new harness.Harness();
  afterAll(() => started.close());

  it('has an example that works', async () => {
    const readme = readFileSync(join(__dirname, '../README.md'), 'utf8');
    const code = /^```ts\n([\s\S]*?)^```/m.exec(readme)?.[1] ?? '';
    // The body of its test; the rest is imports and hooks of jest.
    const body = /it\('serves', async \(\) => \{\n([\s\S]*)^\}\);/m.exec(code)?.[1] ?? '';
    expect(body).toContain('startMesh(');
    const AsyncFunction = (async () => undefined).constructor as new (
      ...texts: string[]
    ) => (...values: unknown[]) => Promise<void>;
    const plain = body.replace(/\(error: CallError\)/, '(error)');
    const log: unknown[] = [];
    await new AsyncFunction('harness', 'readStream', 'console', plain)(started, harness.readStream, {
      log: (message: unknown) => log.push(message),
    });
  }, 30_000);
});
