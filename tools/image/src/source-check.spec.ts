import { sourceProblems, threadFiles } from './source-check';

const texts = (path: string, text: string): ReadonlyMap<string, string> => new Map([[path, text]]);
const THREAD = "new node_worker_threads_1.Worker((0, node_path_1.join)(__dirname, 'my-thread.js'), {})";

describe('threadFiles', () => {
  it('are beside the files that start them, each once', () => {
    const all = new Map([
      ['libs/a/dist/b.js', THREAD],
      ['libs/a/dist/c.js', THREAD],
      ['apps/x/dist/main.js', "(0, path_1.join)(__dirname, 'x-thread.js')"],
    ]);
    expect(threadFiles(all)).toEqual(['apps/x/dist/x-thread.js', 'libs/a/dist/my-thread.js']);
  });

  it('are none that packages of others start', () => {
    expect(threadFiles(texts('node_modules/p/index.js', THREAD))).toEqual([]);
  });
});

describe('sourceProblems', () => {
  it('has nothing against code that does not look beside itself, and threads of ours', () => {
    expect(sourceProblems(texts('libs/a/dist/b.js', THREAD))).toEqual([]);
    expect(sourceProblems(texts('node_modules/p/index.js', "require('./x'); import('y')"))).toEqual([]);
  });

  it.each([
    "readFileSync(join(__dirname, '../data.json'))",
    'createRequire(__filename)',
    'new URL("./x", import.meta.url)',
    "require.resolve('x')",
    'require(name)',
  ])('finds %s in code of ours, and of others', (text) => {
    expect(sourceProblems(texts('libs/a/dist/b.js', text))).toEqual([expect.stringContaining('libs/a/dist/b.js has ')]);
    expect(sourceProblems(texts('node_modules/@s/p/lib/x.js', text))).toEqual([
      expect.stringMatching(/^@s\/p\/lib\/x\.js has .*EXTERNALS/),
    ]);
  });

  it('finds threads of others', () => {
    expect(sourceProblems(texts('node_modules/p/index.js', "new Worker('./x.js')"))).toHaveLength(1);
  });

  it('knows the files that do no harm, and the one that loads a package by its path', () => {
    expect(sourceProblems(texts('node_modules/ioredis/built/Command.js', '__dirname'))).toEqual([]);
    expect(sourceProblems(texts('node_modules/ioredis/built/Other.js', '__dirname'))).toHaveLength(1);
    expect(sourceProblems(texts('libs/adapter/kafka/dist/kafkajs-internals.js', 'createRequire(__filename)'))).toEqual(
      [],
    );
  });
});
