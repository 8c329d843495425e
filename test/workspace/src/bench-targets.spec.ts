import { readCachedProjectGraph } from '@nx/devkit';
import { files, projects } from './workspace';

interface BenchTarget {
  readonly dependsOn?: readonly string[];
  readonly options?: { readonly cwd?: string; readonly commands?: readonly string[] };
}

const benches = files().filter((path) => path.endsWith('.bench.ts'));
const targetOf = (name: string): BenchTarget | undefined =>
  readCachedProjectGraph().nodes[name]?.data.targets?.['bench'] as BenchTarget | undefined;

describe('tools/workspace/bench-targets.cjs', () => {
  it('gives the target bench to the projects that have one, and to no other', () => {
    const having = projects().filter(({ folder }) => benches.some((path) => path.startsWith(`${folder}/`)));
    const offering = projects().filter(({ name }) => targetOf(name) !== undefined);
    expect(having.length).toBeGreaterThan(0);
    expect(offering).toEqual(having);
  });

  it.each(projects().filter(({ name }) => targetOf(name) !== undefined))(
    'builds $name and runs all of its benches',
    ({ name, folder }) => {
      const target = targetOf(name);
      expect(target).toMatchObject({ dependsOn: ['build'], options: { cwd: folder } });
      const built = benches
        .filter((path) => path.startsWith(`${folder}/src/`))
        .map((path) => path.replace(`${folder}/src/`, 'dist/').replace(/\.ts$/, '.js'));
      expect(target?.options?.commands?.map((command) => command.split(' ').at(-1))).toEqual(built);
    },
  );
});
