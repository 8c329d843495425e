import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ts from 'typescript';
import { ALWAYS_THERE, expectPrinted, packagesOf, runNode, type Library } from '@giftmesh/test-readme';
import { npm } from './npm';
import { closure, type Packed } from './pack';

/** A project of somebody who never saw this workspace, in a folder far from it. */
export class EmptyProject {
  readonly folder: string;

  constructor() {
    this.folder = mkdtempSync(join(tmpdir(), 'giftmesh-packages-'));
  }

  /** Installs packed packages, all of them by name, and further ones from the registry. */
  async install(packages: readonly Packed[], further: Readonly<Record<string, string>> = {}): Promise<void> {
    const dependencies = { ...tarballs(packages), ...further };
    await this.#install({ dependencies });
  }

  /** Installs what a user of one library's example asks npm for; what that stands on comes as npm finds it, which is in the tarballs. */
  async installFor(library: Library, packages: readonly Packed[]): Promise<void> {
    const imported = packagesOf(library.example.code);
    const own = closure(packages, [library.name]);
    const asked = packages.filter(
      (one) => one.name === library.name || (imported.includes(one.name) && !own.includes(one)),
    );
    const names = asked.map(({ name }) => name);
    const standsOn = closure(packages, names).filter((one) => !asked.includes(one));
    const dependencies = { ...tarballs(asked), ...outsidePackages(library) };
    await this.#install({ dependencies, overrides: tarballs(standsOn) });
  }

  /** Runs the example of a library with plain Node, and looks at what it prints. */
  async run(library: Library): Promise<string> {
    const { outputText } = ts.transpileModule(library.example.code, {
      compilerOptions: { target: ts.ScriptTarget.ES2023, module: ts.ModuleKind.ESNext },
    });
    const file = `${fileNameOf(library)}.mjs`;
    writeFileSync(join(this.folder, file), outputText);
    const stdout = await runNode([file], this.folder);
    expectPrinted(library, stdout);
    return stdout;
  }

  /** Type-checks examples against the installed packages, and the packages' own types; what is wrong, for people. */
  typeProblems(libraries: readonly Library[]): string[] {
    const roots = libraries.map((library) => {
      const file = join(this.folder, `${fileNameOf(library)}.mts`);
      writeFileSync(file, library.example.code);
      return file;
    });
    const program = ts.createProgram(roots, {
      strict: true,
      noEmit: true,
      target: ts.ScriptTarget.ES2023,
      module: ts.ModuleKind.NodeNext,
      esModuleInterop: true,
      types: ['node'],
      typeRoots: [join(require.resolve('@types/node/package.json'), '../..')],
    });
    const ours = program
      .getSourceFiles()
      .filter(({ fileName }) => roots.includes(fileName) || fileName.includes('node_modules/@giftmesh/'));
    return ours.flatMap((file) =>
      [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)].map(
        ({ messageText }) => `${file.fileName}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`,
      ),
    );
  }

  /** A file of an installed package. */
  read(name: string, path: string): string {
    return readFileSync(join(this.folder, 'node_modules', name, path), 'utf8');
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  async #install(manifest: object): Promise<void> {
    mkdirSync(this.folder, { recursive: true });
    writeFileSync(join(this.folder, 'package.json'), JSON.stringify({ name: 'empty', private: true, ...manifest }));
    await npm(['install', '--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts'], this.folder);
  }
}

/** What a library's example imports and its users have anyway, beside the library: see `ALWAYS_THERE`. */
export function outsidePackages(library: Library): Record<string, string> {
  const imported = packagesOf(library.example.code).filter((name) => ALWAYS_THERE.includes(name));
  return Object.fromEntries(imported.map((name) => [name, versionHere(name)]));
}

/** The version of an outside package that this workspace uses. */
function versionHere(name: string): string {
  const { version } = JSON.parse(readFileSync(require.resolve(`${name}/package.json`), 'utf8')) as { version: string };
  return version;
}

function tarballs(packages: readonly Packed[]): Record<string, string> {
  return Object.fromEntries(packages.map(({ name, tarball }) => [name, `file:${tarball}`]));
}

function fileNameOf({ name }: Library): string {
  return name.replace(/^@\w+\//, '');
}
