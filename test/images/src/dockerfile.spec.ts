import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from '@giftmesh/test-harness';
import { IMAGES } from '@giftmesh/tool-image';
import { copiesOf, dockerfileText, inherited, lintProblems, pairs, stagesOf } from './dockerfile';
import { madeImage } from './image-folders';

const root = repositoryRoot();
const text = dockerfileText();
const stages = stagesOf(text);

describe('the Dockerfile', () => {
  it('has nothing that the linter finds', () => {
    expect(lintProblems(text)).toEqual([]);
  });

  it.each([
    ['an instruction that is none', 'RUNN x'],
    ['a flag that is none', 'COPY --form=built /a /b'],
    ['no argument', 'STOPSIGNAL'],
    ['a signal that is none', 'STOPSIGNAL TERMINATE'],
    ['a port that is none', 'EXPOSE seven'],
  ])('would be refused with %s', (_, line) => {
    expect(lintProblems(`${text}\n${line}\n`)).not.toEqual([]);
  });

  it('has a target for each image, and names what is in it', () => {
    for (const { name, description, services } of IMAGES) {
      const labels = pairs(stages, name, 'LABEL');
      expect(
        Object.fromEntries([...labels].map(([key, value]) => [key.replace('org.opencontainers.image.', ''), value])),
      ).toEqual({
        title: `giftmesh/${name}`,
        description,
        licenses: 'Apache-2.0',
        vendor: 'giftmesh',
        version: '${VERSION}',
        revision: '${REVISION}',
        source: '${SOURCE}',
      });
      const exposed = inherited(stages, name, 'EXPOSE').join(' ').split(' ').filter(Boolean).map(Number);
      expect(exposed.filter((port) => port < 9_000)).toEqual(services.map(({ port }) => port));
    }
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
    expect(inherited(stages, 'standalone', 'ARG')).toContain(`VERSION=${version}`);
  });

  it('runs each program of ours as nobody, without a shell, with what a root that is only read needs', () => {
    for (const { name } of IMAGES) {
      expect(inherited(stages, name, 'USER')).toEqual(['65532:65532']);
      // What Kubernetes and compose give as arguments comes behind it.
      expect(inherited(stages, name, 'ENTRYPOINT')).toEqual(['["/nodejs/bin/node", "/app/main.js"]']);
      expect(inherited(stages, name, 'CMD')).toEqual([]);
      expect(inherited(stages, name, 'RUN')).toEqual([]);
      expect(inherited(stages, name, 'STOPSIGNAL')).toEqual(['SIGTERM']);
      expect(inherited(stages, name, 'HEALTHCHECK')).toEqual(['NONE']);
      expect(Object.fromEntries(pairs(stages, name, 'ENV'))).toEqual({
        NODE_ENV: 'production',
        GIFTMESH_HOST: '0.0.0.0',
        GIFTMESH_DATA_DIR: '/data',
      });
      expect(existsSync(join(madeImage(name).folder, 'main.js'))).toBe(true);
    }
  });

  it('makes each image by the tool, and takes nothing else from where it was built', () => {
    for (const { name } of IMAGES) {
      const made = stages.find((stage) => stage.name === `${name}-files`);
      expect(made?.instructions.map(String)).toEqual([`RUN node tools/image/dist/main.js ${name} --out /image`]);
      const target = stages.find((stage) => stage.name === name);
      expect(target && copiesOf(target)).toEqual([{ from: `${name}-files`, paths: ['/image/'] }]);
    }
    const runtime = stages.find(({ name }) => name === 'runtime');
    expect(runtime && copiesOf(runtime)).toEqual([{ from: 'built', paths: ['/empty/'] }]);
  });

  it('builds the programs of all images, and the tool', () => {
    const built =
      stages
        .find(({ name }) => name === 'built')
        ?.instructions.map(String)
        .join('\n') ?? '';
    const programs = [...IMAGES.map(({ main }) => main.replace('/dist/main.js', '')), 'tools/image'];
    for (const project of programs) expect(built).toContain(` ${project} `);
  });

  it('is built on images whose tags say what they are, of one system and one Node', () => {
    const bases = stages.map(({ from }) => from).filter((from) => !stages.some(({ name }) => name === from));
    expect([...new Set(bases)].sort()).toEqual([
      'gcr.io/distroless/nodejs20-debian12:nonroot',
      expect.stringMatching(/^node:20\.\d+\.\d+-bookworm$/),
    ]);
  });

  it('copies from stages that are there', () => {
    const names = stages.map(({ name }) => name);
    for (const stage of stages)
      for (const { from } of copiesOf(stage)) if (from !== undefined) expect(names).toContain(from);
  });
});

describe('the names of images', () => {
  it('are those that Kubernetes is told', () => {
    const told = filesOf(join(root, 'deploy/kustomize')).flatMap((path) => [
      ...readFileSync(path, 'utf8').matchAll(/\b(?:image|name): giftmesh\/([\w-]+)/g),
    ]);
    const names = new Set(told.map(([, name]) => name));
    // The standalone is one process on files of its own: nothing for a cluster.
    expect([...names, 'standalone'].sort()).toEqual(IMAGES.map(({ name }) => name).sort());
  });
});

describe('.dockerignore', () => {
  const lines = readFileSync(join(root, '.dockerignore'), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));

  it('keeps away what was built, what is secret, and what no image is made of', () => {
    for (const line of [
      '.git',
      '**/node_modules',
      '**/dist',
      '**/*.tsbuildinfo',
      '**/*.env',
      'tmp',
      'data',
      'deploy',
      'docs',
    ])
      expect(lines).toContain(line);
    expect(lines.filter((line) => line.startsWith('!'))).toEqual([]);
  });

  it('lets everything pass that is compiled', () => {
    const patterns = lines.map(
      (line) =>
        new RegExp(
          `^${line
            .replaceAll('.', '\\.')
            .replaceAll('**/', '(.+/)?')
            .replaceAll(/(?<!\.)\*(?!\.)|(?<=\/)\*(?=\.)|^\*/g, '[^/]*')}(/|$)`,
        ),
    );
    const needed = [
      'package.json',
      'package-lock.json',
      '.npmrc',
      'tsconfig.base.json',
      'LICENSE',
      'test/e2e/package.json',
    ];
    const sources = ['apps', 'libs', 'tools/operator', 'tools/image']
      .flatMap((folder) => filesOf(join(root, folder)))
      .map((path) => path.slice(root.length + 1))
      .filter((path) => /\/(src\/.*\.ts|package\.json|tsconfig\.json)$/.test(path))
      .filter((path) => !/\.(spec|property|bench)\.ts$/.test(path));
    expect(sources.length).toBeGreaterThan(300);
    for (const path of [...needed, ...sources])
      expect([path, patterns.filter((one) => one.test(path))]).toEqual([path, []]);
    for (const path of [
      'apps/interaction/dist/main.js',
      'libs/mesh/server/src/a.spec.ts',
      'deploy/x.yaml',
      'a/b/prod.env',
    ])
      expect([path, patterns.some((one) => one.test(path))]).toEqual([path, true]);
  });
});

/** All files of a folder but what is installed or built. */
function filesOf(folder: string): readonly string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (!entry.isDirectory()) return [path];
    return ['node_modules', 'dist', 'target'].includes(entry.name) ? [] : filesOf(path);
  });
}
