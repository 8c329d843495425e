import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInteractionService } from './index';
import { newKit } from './test-kit/kit';

type Example = (...given: unknown[]) => Promise<unknown>;
const AsyncFunction = Object.getPrototypeOf(async () => undefined).constructor as new (...parts: string[]) => Example;

describe('README.md', () => {
  it('has an example that works', async () => {
    const readme = readFileSync(join(__dirname, '../README.md'), 'utf8');
    const code = /^```ts\n([\s\S]*?)^```/m.exec(readme)?.[1]?.replace(/^import .*\n/gm, '') ?? '';
    expect(code).toContain('createInteractionService(');
    const kit = newKit();
    const shown: bigint[] = [];
    const example = new AsyncFunction('createInteractionService', 'ports', 'gift', 'shown', code);
    const seen = await example(createInteractionService, kit.ports, kit.gift({ count: 6 }), shown);
    expect(seen).toEqual({ coins: 6n, shown: [6n] });
  });
});
