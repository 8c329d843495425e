import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { billOfMaterials, type Component } from './bill-of-materials';
import { bundle } from './bundle';
import { digestOf, writeFolder, type Contents } from './folder';
import type { Image } from './images';
import { readLockFile, type LockedPackage } from './lock-file';
import { licenceTexts, packageManifest, runTimeFiles } from './package-files';
import { bundledPackages, externalPaths, runTimePackages } from './packages';

/** The file by which a folder of ours is known. */
export const BILL_FILE = 'sbom.cdx.json';
/** The program that asks a process for its health; images have no shell and no other client. */
export const HEALTH_FILE = 'health.js';

const HEALTH_PROGRAM = 'tools/image/dist/health-main.js';

/** What to make. */
export interface ImageOptions {
  /** The repository, installed and built. */
  readonly root: string;
  readonly image: Image;
  /** Written anew. */
  readonly folder: string;
  /** Time of all files, seconds since 1970. Default 0. */
  readonly timeS?: number;
}

/** What was made. */
export interface ImageReport {
  readonly image: string;
  readonly folder: string;
  readonly files: number;
  /** Of all files. */
  readonly bytes: number;
  /** Of the bundles among them. */
  readonly bundleBytes: number;
  /** Packages in bundles. */
  readonly bundled: number;
  /** Packages beside them, `name@version`, sorted. */
  readonly packages: readonly string[];
  /** SHA-256 over paths and contents. */
  readonly digest: string;
}

/**
 * Makes the folder that an image holds: the program as a bundle, the health client, the packages that can't be bundled, and what all of it is.
 * Rejects where something is not built or not installed, and where a bundle would not work.
 */
export async function makeImage({ root, image, folder, timeS = 0 }: ImageOptions): Promise<ImageReport> {
  const packages = readLockFile(readFileSync(join(root, 'package-lock.json'), 'utf8'));
  // A program that ends by itself is never asked.
  const health = image.services.length === 0 ? {} : { health: HEALTH_PROGRAM };
  const made = await bundle(root, { main: image.main, ...health }, externalPaths(packages));
  const runTime = runTimePackages(packages, made);
  const bundled = bundledPackages(packages, made);
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  const application = { name: `giftmesh-${image.name}`, version, description: image.description };
  const components = (list: readonly LockedPackage[], isBundled: boolean): Component[] =>
    list.map((locked) => ({ locked, manifest: packageManifest(root, locked), isBundled }));
  const all = [...components(bundled, true), ...components(runTime.all, false)];

  const contents = new Map<string, Uint8Array | string>([
    ...made.files,
    ['package.json', json(manifestOf(application, runTime.asked, runTime.all, root))],
    [BILL_FILE, json(billOfMaterials(application, all))],
    ['LICENSE', readFileSync(join(root, 'LICENSE'))],
    ['THIRD-PARTY-LICENSES.txt', licencesText(root, all)],
    ...runTime.all.flatMap((one) =>
      runTimeFiles(root, one).map((path) => [`${one.path}/${path}`, readFileSync(join(root, one.path, path))] as const),
    ),
  ]);
  writeFolder(folder, contents, timeS);
  return {
    image: `giftmesh/${image.name}`,
    folder,
    files: contents.size,
    bytes: bytesOf(contents),
    bundleBytes: bytesOf(made.files),
    bundled: bundled.length,
    packages: runTime.all.map(({ name, version }) => `${name}@${version}`).sort(),
    digest: digestOf(contents),
  };
}

/** A native module runs only on the platform that it was installed on. */
function manifestOf(
  application: object,
  asked: readonly LockedPackage[],
  all: readonly LockedPackage[],
  root: string,
): object {
  const isNative = all.some((one) => runTimeFiles(root, one).some((path) => path.endsWith('.node')));
  return {
    ...application,
    private: true,
    license: 'Apache-2.0',
    main: 'main.js',
    engines: { node: '>=20.20' },
    ...(isNative ? { os: [process.platform], cpu: [process.arch] } : {}),
    dependencies: Object.fromEntries(asked.map(({ name, version }) => [name, version])),
  };
}

function licencesText(root: string, components: readonly Component[]): string {
  const texts = new Map(
    components.map(({ locked, manifest }) => {
      const head = `${locked.name} ${locked.version}`;
      const [first = `Licence: ${manifest.license ?? 'not said'}. The package has no text of it.`, ...more] =
        licenceTexts(root, locked);
      return [head, [`${head}\n${'-'.repeat(head.length)}`, first, ...more].join('\n\n')];
    }),
  );
  const sorted = [...texts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, text]) => text);
  return ['Packages of others in this image, and their licences.', ...sorted].join('\n\n\n') + '\n';
}

const bytesOf = (contents: Contents): number =>
  [...contents.values()].reduce((sum, content) => sum + Buffer.byteLength(content), 0);

const json = (value: object): string => `${JSON.stringify(value, null, 2)}\n`;
