import type { LockedPackage } from './lock-file';
import type { PackageManifest } from './package-files';

/** What an image is, for its bill of materials. */
export interface Application {
  readonly name: string;
  readonly version: string;
  readonly description: string;
}

/** A package in an image. */
export interface Component {
  readonly locked: LockedPackage;
  readonly manifest: PackageManifest;
  /** Whether it is in a bundle, where scanners of files don't find it. */
  readonly isBundled: boolean;
}

/**
 * The bill of materials of an image in CycloneDX 1.6 (https://cyclonedx.org/docs/1.6/json/): each package with its version, its licence and the
 * digest of the archive that it came in. It has no date and no serial number, so that the same image has the same one.
 */
export function billOfMaterials(application: Application, components: readonly Component[]): object {
  return {
    $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: {
      component: {
        type: 'application',
        'bom-ref': application.name,
        ...application,
        licenses: [{ license: { id: 'Apache-2.0' } }],
      },
    },
    components: unique(components).map(({ locked: { name, version, integrity }, manifest, isBundled }) => {
      const purl = `pkg:npm/${name.replace('@', '%40')}@${version}`;
      const licence = manifest.license ?? manifest.licenses?.map(({ type }) => type).join(' OR ');
      return {
        type: 'library',
        'bom-ref': purl,
        name,
        version,
        purl,
        ...(integrity === undefined ? {} : { hashes: hashesOf(integrity) }),
        ...(licence === undefined ? {} : { licenses: [{ expression: licence }] }),
        properties: [{ name: 'giftmesh:bundled', value: String(isBundled) }],
      };
    }),
  };
}

/** One of each name and version; bundled if any of them is. */
function unique(components: readonly Component[]): readonly Component[] {
  const found = new Map<string, Component>();
  for (const one of components) {
    const key = `${one.locked.name}@${one.locked.version}`;
    found.set(key, { ...one, isBundled: one.isBundled || found.get(key)?.isBundled === true });
  }
  return [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, one]) => one);
}

/** As npm writes them, `sha512-BASE64`, one behind the other. */
function hashesOf(integrity: string): object[] {
  return integrity.split(' ').flatMap((one) => {
    const [, bits, base64] = /^sha(\d+)-(.+)$/.exec(one) ?? [];
    if (bits === undefined || base64 === undefined) return [];
    return [{ alg: bits === '1' ? 'SHA-1' : `SHA-${bits}`, content: Buffer.from(base64, 'base64').toString('hex') }];
  });
}
