import { join } from 'node:path';
import ts from 'typescript';
import { repositoryRoot } from '@giftmesh/test-harness';
import { nameOf, type Manifest } from './manifest';
import { modelOf } from './models';
import { unknownFields } from './unknown-fields';

// Never written: a place from which the compiler finds the models.
const FILE = join(repositoryRoot(), 'test/deploy/manifests-to-check.ts');

const OPTIONS: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2022,
  lib: ['lib.es2022.d.ts'],
  module: ts.ModuleKind.ESNext,
  moduleResolution: ts.ModuleResolutionKind.Bundler,
  strict: true,
  noEmit: true,
  skipLibCheck: true,
  types: [],
};

/**
 * What the compiler has against objects as literals of their models' types: unknown fields at any depth, values of another type, fields that
 * are missing, words that are none of an enumeration. An API or a kind without a model is an error too. Each starts with the object's name.
 */
export function typeErrors(manifests: readonly Manifest[]): readonly string[] {
  const lines: string[] = [];
  const owners: string[] = [];
  const errors: string[] = [];
  manifests.forEach((manifest, index) => {
    const model = modelOf(manifest);
    if (model === undefined) {
      errors.push(`${nameOf(manifest)}: no model of ${manifest.apiVersion}`);
      return;
    }
    const text =
      `import { I${model.kind} as Model${index} } from '${model.module}/${model.kind}';\n` +
      `export const manifest${index}: Model${index} = ${JSON.stringify(manifest, null, 1)};`;
    for (const line of text.split('\n')) {
      lines.push(line);
      owners.push(nameOf(manifest));
    }
  });
  const source = ts.createSourceFile(FILE, lines.join('\n'), ts.ScriptTarget.ES2022, true);
  const program = programOf(source);
  const tell = (start: number, message: string): void => {
    const { line } = source.getLineAndCharacterOfPosition(start);
    errors.push(`${owners[line]}: ${(lines[line] ?? '').trim()}: ${message}`);
  };
  for (const { messageText, start = 0 } of [
    ...program.getSyntacticDiagnostics(source),
    ...program.getSemanticDiagnostics(source),
    ...program.getGlobalDiagnostics(),
  ])
    tell(start, ts.flattenDiagnosticMessageText(messageText, ' '));
  for (const { start, name } of unknownFields(program.getTypeChecker(), source)) tell(start, `${name} is no field`);
  return errors;
}

function programOf(source: ts.SourceFile): ts.Program {
  const host = ts.createCompilerHost(OPTIONS);
  const { getSourceFile, fileExists } = host;
  host.getSourceFile = (name, ...rest) => (name === FILE ? source : getSourceFile.call(host, name, ...rest));
  host.fileExists = (name) => name === FILE || fileExists.call(host, name);
  return ts.createProgram([FILE], OPTIONS, host);
}
