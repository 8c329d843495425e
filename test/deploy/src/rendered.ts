import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { GO_BUILD_LIMIT_MS, repositoryRoot, TempFolders } from '@giftmesh/test-harness';
import { copyOfDeploy, overlays, render } from './kustomize';
import { nameOf, type Manifest } from './manifest';
import { makeOptionalOverlay, OPTIONAL_OVERLAY } from './optional';

/** All overlays, rendered for the tests of a file. */
export interface Rendered {
  /** Every overlay with what it consists of. */
  all(): readonly (readonly [overlay: string, manifests: readonly Manifest[]])[];
  /** All objects, each once: overlays have most in common. */
  distinct(): readonly Manifest[];
  /** One overlay. Throws when there is none of this name. */
  of(overlay: string): readonly Manifest[];
  /** One object of an overlay, by `Kind/name`; generated names may go on behind it. Throws when there is none. */
  one(overlay: string, name: string): Manifest;
}

type Overlays = readonly (readonly [overlay: string, manifests: readonly Manifest[]])[];

/** Renders all overlays before the tests of a file. Call it once a file. */
export function useRendered(): Rendered {
  let rendered: ReadonlyMap<string, readonly Manifest[]> = new Map();
  beforeAll(() => {
    rendered = new Map(renderOnce());
  }, GO_BUILD_LIMIT_MS + 60_000);
  const of = (overlay: string): readonly Manifest[] => {
    const found = rendered.get(overlay);
    if (found === undefined) throw new Error(`no overlay ${overlay}`);
    return found;
  };
  return {
    all: () => [...rendered],
    distinct: () => [
      ...new Map([...rendered.values()].flat().map((manifest) => [JSON.stringify(manifest), manifest])).values(),
    ],
    of,
    one: (overlay, name) => {
      const manifests = of(overlay);
      const found =
        manifests.find((manifest) => nameOf(manifest) === name) ??
        manifests.find(
          (manifest) => nameOf(manifest).startsWith(`${name}-`) && /-[a-z0-9]{10}$/.test(nameOf(manifest)),
        );
      if (found === undefined) throw new Error(`${overlay} has no ${name}`);
      return found;
    },
  };
}

/** Renders all, or reads what another file of tests has rendered from the same sources. */
function renderOnce(): Overlays {
  const kept = join(repositoryRoot(), 'tmp/deploy-rendered');
  const file = join(kept, `${digestOfSources()}.json`);
  if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8')) as Overlays;
  const folders = new TempFolders();
  try {
    const deploy = copyOfDeploy(folders.make('deploy'));
    makeOptionalOverlay(deploy);
    const rendered = [...overlays(), OPTIONAL_OVERLAY].map(
      (overlay) => [overlay, render(join(deploy, overlay))] as const,
    );
    mkdirSync(kept, { recursive: true });
    for (const old of readdirSync(kept)) if (old.endsWith('.json')) rmSync(join(kept, old), { force: true });
    // Whole or not at all: files of tests run side by side.
    const half = `${file}.${process.pid}`;
    writeFileSync(half, JSON.stringify(rendered));
    renameSync(half, file);
    return rendered;
  } finally {
    folders.removeAll();
  }
}

/** Of what is rendered, and of how: the sources of deploy/ and those of this project. */
function digestOfSources(): string {
  const digest = createHash('sha256');
  for (const folder of ['deploy', 'test/deploy/src']) {
    const root = join(repositoryRoot(), folder);
    for (const path of readdirSync(root, { recursive: true, encoding: 'utf8' }).sort()) {
      const whole = join(root, path);
      if (statSync(whole).isFile()) digest.update(`${path}\n`).update(readFileSync(whole)).update('\n');
    }
  }
  return digest.digest('hex');
}
