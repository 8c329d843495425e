import { join } from 'node:path';
import ts from 'typescript';
import type { Library } from './library';

/**
 * Type-checks the examples of libraries against the sources of this workspace, all in one go, since most of the time goes into
 * reading what they import. Returns what is wrong with each, by its folder, as `README.md:<line>: <message>`; [] when it is right.
 */
export function checkExamples(root: string, libraries: readonly Library[]): ReadonlyMap<string, readonly string[]> {
  const virtual = new Map(libraries.map((library) => [join(root, library.folder, 'README.example.mts'), library]));
  const options = compilerOptions(root);
  const host = ts.createCompilerHost(options);
  const { getSourceFile, fileExists, readFile } = host;
  host.fileExists = (path) => virtual.has(path) || fileExists(path);
  host.readFile = (path) => virtual.get(path)?.example.code ?? readFile(path);
  host.getSourceFile = (path, language, ...rest) => {
    const library = virtual.get(path);
    if (library === undefined) return getSourceFile.call(host, path, language, ...rest);
    return ts.createSourceFile(path, library.example.code, language);
  };
  const program = ts.createProgram([...virtual.keys()], options, host);
  return new Map(
    [...virtual].map(([path, library]) => {
      const file = program.getSourceFile(path);
      const found = [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)];
      return [library.folder, found.map((diagnostic) => messageOf(diagnostic, library.example.line))];
    }),
  );
}

function compilerOptions(root: string): ts.CompilerOptions {
  const path = join(root, 'tsconfig.base.json');
  const { config } = ts.readConfigFile(path, (name) => ts.sys.readFile(name)) as {
    config: { compilerOptions: object };
  };
  const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, root, path);
  // As in an empty project: Node's types, and none of a test runner.
  return { ...options, types: ['node'], noEmit: true, composite: false, incremental: false, declarationMap: false };
}

function messageOf({ file, start, messageText }: ts.Diagnostic, firstLine: number): string {
  const line = file === undefined || start === undefined ? 0 : file.getLineAndCharacterOfPosition(start).line;
  return `README.md:${firstLine + line}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`;
}
