#!/usr/bin/env node
// Lays out a project of this workspace:  node tools/workspace/new-project.mjs libs/mesh/deadline [dependency-path ...]
// Dependencies are folders of this workspace; run it again to change them (existing sources stay). They are named by a range of
// versions, since that is what a published package must say; npm links the workspace's own as long as their version lies in it.
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';

const [path, ...dependencies] = process.argv.slice(2);
if (!path) {
  console.error('usage: new-project.mjs <folder> [dependency-folder ...]');
  process.exit(64);
}
const nameOf = (folder) => {
  const [top, ...rest] = folder.split('/');
  if (folder === 'libs/contract/giftmesh') return '@giftmesh/contract';
  return `@giftmesh/${top === 'libs' ? rest.join('-') : `${top.replace(/s$/, '')}-${rest.join('-')}`}`;
};
const layerOf = (folder) =>
  folder.startsWith('libs/') ? folder.split('/')[1] : folder.split('/')[0].replace(/s$/, '');
const isPublished = layerOf(path) === 'mesh' || layerOf(path) === 'kernel';
const rangeOf = (folder) => `^${JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).version}`;
const json = (value) => `${JSON.stringify(value, null, 2)}\n`;

mkdirSync(join(path, 'src'), { recursive: true });
const packageFile = join(path, 'package.json');
const before = existsSync(packageFile) ? JSON.parse(readFileSync(packageFile, 'utf8')) : {};
const outside = Object.fromEntries(
  Object.entries(before.dependencies ?? {}).filter(([name]) => !name.startsWith('@giftmesh/')),
);
// Others are started, not imported; a test or tool that others use has its exports written by hand.
const isLibrary = path.startsWith('libs/') || before.exports !== undefined;
writeFileSync(
  packageFile,
  json({
    name: nameOf(path),
    version: before.version ?? '0.1.0',
    ...(isPublished ? {} : { private: true }),
    description: before.description ?? '',
    license: 'Apache-2.0',
    ...(isLibrary
      ? {
          main: './dist/index.js',
          types: './dist/index.d.ts',
          exports: before.exports ?? {
            '.': { '@giftmesh/source': './src/index.ts', types: './dist/index.d.ts', default: './dist/index.js' },
          },
          // With the sources, which the maps point to.
          files: isPublished
            ? [
                'dist',
                'src',
                '!**/*.{spec,property,bench}.*',
                '!**/*.tsbuildinfo',
                '!**/*-test-kit.*',
                ...(before.exports?.['./testing'] ? [] : ['!**/testing']),
              ]
            : ['dist', '!dist/**/*.{spec,property,bench}.*', '!**/*.tsbuildinfo'],
        }
      : {}),
    nx: { ...before.nx, tags: [`layer:${layerOf(path)}`] },
    dependencies: { ...outside, ...Object.fromEntries(dependencies.map((d) => [nameOf(d), rangeOf(d)])) },
    ...(before.devDependencies ? { devDependencies: before.devDependencies } : {}),
    ...(before.peerDependencies ? { peerDependencies: before.peerDependencies } : {}),
    ...(before.peerDependenciesMeta ? { peerDependenciesMeta: before.peerDependenciesMeta } : {}),
  }),
);
// npm packs a licence only when it stands in the package's own folder.
if (isPublished) copyFileSync('LICENSE', join(path, 'LICENSE'));
const up = relative(path, '.');
writeFileSync(
  join(path, 'tsconfig.json'),
  json({
    extends: `${up}/tsconfig.base.json`,
    compilerOptions: { rootDir: 'src', outDir: 'dist', tsBuildInfoFile: 'dist/tsconfig.tsbuildinfo' },
    include: ['src/**/*.ts'],
    references: dependencies.map((d) => ({ path: relative(path, d) })),
  }),
);
writeFileSync(
  join(path, 'jest.config.cjs'),
  `module.exports = { ...require('${up}/jest.preset.cjs'), displayName: '${nameOf(path)}', rootDir: __dirname };\n`,
);
if (isLibrary && !existsSync(join(path, 'src/index.ts'))) writeFileSync(join(path, 'src/index.ts'), 'export {};\n');
