import { preProcessFile } from 'typescript';

/** The usage example of a README. */
export interface Example {
  /** TypeScript, an ES module: `await` at its top level is fine. */
  readonly code: string;
  /** Line of the README on which the code begins, counted from 1. */
  readonly line: number;
  /** What it prints, if the README says so. */
  readonly output: string | undefined;
}

/**
 * Takes the example out of a README: its one ```ts block. A ```text block right after it is what the example prints. Undefined when
 * there is no such block; throws TypeError for a second one, since nobody would know which of them was run.
 */
export function readExample(readme: string): Example | undefined {
  const blocks = [...readme.matchAll(/^```ts\n([\s\S]*?)^```$(?:\n+```text\n([\s\S]*?)^```$)?/gm)];
  const [block, second] = blocks;
  if (block === undefined) return undefined;
  if (second !== undefined) throw new TypeError(`a README has one \`\`\`ts block, this one has ${blocks.length}`);
  const line = readme.slice(0, block.index).split('\n').length + 1;
  return { code: block[1] ?? '', line, output: block[2] };
}

/** The packages that the code imports, each once. Modules of Node (`node:*`) are none. */
export function packagesOf(code: string): string[] {
  const names = preProcessFile(code).importedFiles.map(({ fileName }) => {
    const [first = '', second = ''] = fileName.split('/');
    return first.startsWith('@') ? `${first}/${second}` : first;
  });
  return [...new Set(names)].filter((name) => !name.startsWith('node:'));
}
