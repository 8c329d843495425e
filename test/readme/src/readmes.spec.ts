import { resolve } from 'node:path';
import { checkExamples } from './check-examples';
import { libraryFolders, missingPackages, readLibrary } from './library';
import { runExample } from './run-readme-example';

/** Libraries whose README has no example yet, and why. May only shrink: an entry that is no longer needed fails its test. */
const WITHOUT_EXAMPLE: ReadonlyMap<string, string> = new Map();

jest.setTimeout(60_000);
const root = resolve(__dirname, '../../..');
const folders = libraryFolders(root);
const libraries = folders.map((folder) => readLibrary(root, folder)).filter((library) => library !== undefined);

describe('the examples of the READMEs', () => {
  it('are there, in every library', () => {
    expect(folders).toContain('libs/mesh/server');
    const without = folders.filter((folder) => !libraries.some((library) => library.folder === folder));
    expect(without).toEqual([...WITHOUT_EXAMPLE.keys()].sort());
  });

  it('import only what somebody has who installed the library', () => {
    const missing = libraries.flatMap((library) => {
      const packages = missingPackages(root, library);
      return packages.length === 0 ? [] : [`${library.folder}: ${packages.join(', ')}`];
    });
    expect(missing).toEqual([]);
  });

  it('have the right types', () => {
    const wrong = [...checkExamples(root, libraries)].flatMap(([folder, found]) =>
      found.map((message) => `${folder}/${message}`),
    );
    expect(wrong).toEqual([]);
  });

  it.each(libraries)('run: $name', async (library) => {
    await runExample(library);
  });
});
