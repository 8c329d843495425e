import { packagesOf, readExample } from './example';

const fence = '```';

describe('readExample', () => {
  it('takes the one block of TypeScript, with its line and what it prints', () => {
    const readme = `# a\n\n${fence}ts\nconst a = 1;\nconsole.log(a);\n${fence}\n\n${fence}text\n1\n${fence}\n`;
    expect(readExample(readme)).toEqual({ code: 'const a = 1;\nconsole.log(a);\n', line: 4, output: '1\n' });
  });

  it('knows no output where text comes between, and leaves other blocks alone', () => {
    const readme = `${fence}sh\nls\n${fence}\n${fence}ts\nrun();\n${fence}\n\nAnd then\n\n${fence}text\n1\n${fence}\n`;
    expect(readExample(readme)).toEqual({ code: 'run();\n', line: 5, output: undefined });
  });

  it('finds none in a README without', () => {
    expect(readExample(`# a\n\n${fence}typescript\nnot();\n${fence}\n`)).toBeUndefined();
  });

  it('refuses a second one', () => {
    const block = `${fence}ts\nrun();\n${fence}\n`;
    expect(() => readExample(block + block)).toThrow('one ```ts block, this one has 2');
  });
});

describe('packagesOf', () => {
  it('names packages once, without their paths and without modules of Node', () => {
    const code = `import a from '@x/a/testing';
      import { type B } from '@x/a';
      import 'c/d';
      import e from 'node:fs';
      console.log(a, e, await import('f'));`;
    expect(packagesOf(code)).toEqual(['@x/a', 'c', 'f']);
  });
});
