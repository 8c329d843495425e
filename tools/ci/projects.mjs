#!/usr/bin/env node
// The folders of all projects: those with a package.json that the root's `workspaces` patterns name. Run alone it
// prints them as a JSON array.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const workspaceRoot = join(dirname(fileURLToPath(import.meta.url)), '../..');

/** Folders of the projects of the workspace at `root`, relative to it, sorted. */
export function projectFolders(root = workspaceRoot) {
  const { workspaces } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  return workspaces
    .flatMap((pattern) => expand(root, pattern.split('/')))
    .filter((folder) => existsSync(join(root, folder, 'package.json')))
    .sort();
}

function expand(root, segments, folder = '') {
  const [segment, ...rest] = segments;
  if (segment === undefined) return [folder];
  if (segment !== '*') return expand(root, rest, join(folder, segment));
  const here = join(root, folder);
  if (!existsSync(here)) return [];
  return readdirSync(here, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== 'node_modules')
    .flatMap((entry) => expand(root, rest, join(folder, entry.name)));
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) console.log(JSON.stringify(projectFolders()));
