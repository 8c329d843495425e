import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { libraryFolders, readLibrary, type Library } from '@giftmesh/test-readme';
import { problemsOf } from './contents';
import { EmptyProject, outsidePackages } from './empty-project';
import { closure, type Packed } from './pack';
import { packWorkspace, root, type PackedWorkspace } from './workspace';

// Installs from the registry, or from npm's cache, what the libraries need from outside.
jest.setTimeout(300_000);

const libraries = libraryFolders(root)
  .map((folder) => readLibrary(root, folder))
  .filter((library) => library !== undefined);
/** The one that stands on most of the others. */
const ALONE = '@giftmesh/mesh-server';

let workspace: PackedWorkspace;
let project: EmptyProject;

beforeAll(async () => {
  workspace = await packWorkspace();
  project = new EmptyProject();
  const further = Object.assign({}, ...libraries.map(outsidePackages)) as Record<string, string>;
  await project.install(workspace.packages, further);
});
afterAll(() => {
  project?.remove();
  workspace?.remove();
});

function packedOf(name: string): Packed {
  return workspace.packages.find((packed) => packed.name === name) as Packed;
}

describe.each(libraries)('$name, packed', (library: Library) => {
  it('holds what it should, and nothing else', () => {
    expect(problemsOf(packedOf(library.name), (path) => project.read(library.name, path))).toEqual([]);
    expect(project.read(library.name, 'LICENSE')).toBe(readFileSync(join(root, 'LICENSE'), 'utf8'));
  });

  it('runs its example in an empty project', async () => {
    await project.run(library);
  });
});

it('brings types that the examples compile with', () => {
  expect(project.typeProblems(libraries)).toEqual([]);
});

it(`${ALONE} can be installed alone, and comes with what it stands on`, async () => {
  expect(closure(workspace.packages, [ALONE]).length).toBeGreaterThan(5);
  const library = libraries.find(({ name }) => name === ALONE) as Library;
  const alone = new EmptyProject();
  try {
    await alone.installFor(library, workspace.packages);
    await alone.run(library);
  } finally {
    alone.remove();
  }
});
