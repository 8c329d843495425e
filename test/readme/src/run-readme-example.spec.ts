import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { runReadmeExample } from './index';

jest.setTimeout(60_000);
const root = resolve(__dirname, '../../..');
let folder = '';

beforeAll(() => {
  // Inside of the checkout, where packages are found; `tmp` is in no git and no workspace.
  mkdirSync(join(root, 'tmp'), { recursive: true });
  folder = mkdtempSync(join(root, 'tmp/readme-'));
  const dependencies = { '@giftmesh/kernel-time': '*' };
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'example', dependencies }));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function run(code: string, limitMs = 20_000, output = ''): Promise<string> {
  writeFileSync(join(folder, 'README.md'), `# Example\n\n\`\`\`ts\n${code}\n\`\`\`\n${output}`);
  return runReadmeExample(relative(root, folder), { limitMs });
}

describe('runReadmeExample', () => {
  it('runs against the sources, with await at the top level, and gives what was printed', async () => {
    const code = `import { SimulatedClock } from '@giftmesh/kernel-time';
const clock = new SimulatedClock(0);
await clock.advanceAsync(5);
console.log(clock.nowMs());`;
    expect(await run(code)).toBe('5\n');
    expect(await run(code, 20_000, '\n```text\n5\n```\n')).toBe('5\n');
    await expect(run(code, 20_000, '\n```text\n6\n```\n')).rejects.toThrow('prints:\n5\n\ninstead of:\n6');
  });

  it.each([
    ['a wrong type', 'const a: number = 1;\nconst b: string = a;\nconsole.log(b);', /^README\.md:5: Type 'number'/],
    ['a syntax error', 'const = 1;', /^README\.md:4: /],
    ['a package that users of the library do not have', "import { z } from 'zod';\nconsole.log(z);", /: zod$/],
    ['an error', "throw new Error('no');", /ended with 1[\s\S]*Error: no/],
    ['a rejection that nobody handles', "void Promise.reject(new Error('no'));\nconsole.log(1);", /Error: no/],
    ['a word on stderr', "console.log(1);\nconsole.error('beware');", /beware/],
    ['an exit code', 'console.log(1);\nprocess.exitCode = 3;', /ended with 3/],
    ['an await that never comes back', 'console.log(1);\nawait new Promise(() => undefined);', /ended with 13/],
    ['silence', 'const a = 1;\nvoid a;', /prints nothing/],
  ])('fails on %s', async (_what, code, message) => {
    await expect(run(code)).rejects.toThrow(message);
  });

  it('fails on an example that never ends, and kills it', async () => {
    await expect(run("console.log('here');\nsetInterval(() => undefined, 1_000);", 1_000)).rejects.toThrow(
      /did not end within 1000 ms\nstdout: here/,
    );
  });

  it('fails on a README without an example, and on none', async () => {
    writeFileSync(join(folder, 'README.md'), '# Example\n');
    await expect(runReadmeExample(folder)).rejects.toThrow('has no ```ts block');
    rmSync(join(folder, 'README.md'));
    await expect(runReadmeExample(folder)).rejects.toThrow('has no ```ts block');
  });
});
