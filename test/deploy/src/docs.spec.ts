import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from '@giftmesh/test-harness';
import { overlays } from './kustomize';
import { OPTIONAL } from './optional';

const root = repositoryRoot();
const text = readFileSync(join(root, 'docs/DEPLOY.md'), 'utf8');

describe('docs/DEPLOY.md', () => {
  it('has a row for each overlay, and for no other', () => {
    const rows = [...text.matchAll(/^\| `(\w+)`/gm)].map(([, name]) => `kustomize/overlays/${name}`);
    expect(rows.sort()).toEqual(
      overlays()
        .filter((overlay) => overlay.startsWith('kustomize/'))
        .sort(),
    );
  });

  it('names the components that no overlay has', () => {
    for (const component of OPTIONAL) expect(text).toContain(`\`components/${component}\``);
  });

  it('names files and folders that are there', () => {
    const named = [...text.matchAll(/\bdeploy\/[\w./-]+|\]\(\.\.\/([\w./-]+)\)/g)].map(([all, link]) => link ?? all);
    expect(named.length).toBeGreaterThan(10);
    const missing = named.filter((path) => !existsSync(join(root, path)) && !existsSync(join(root, `${path}.example`)));
    expect(missing).toEqual([]);
  });

  it('leaves no file of deploy/ that no kustomization uses', () => {
    const unused = (folder: string): string[] =>
      readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
        const path = join(folder, entry.name);
        if (entry.isDirectory()) return unused(path);
        if (!/\.(ya?ml|env|example)$/.test(entry.name) || entry.name === 'kustomization.yaml') return [];
        const name = entry.name.replace(/\.example$/, '');
        const users = [join(folder, 'kustomization.yaml'), join(folder, '../kustomization.yaml')].filter(existsSync);
        return users.some((user) => readFileSync(user, 'utf8').includes(name)) ? [] : [path];
      });
    expect(['kustomize', 'istio'].flatMap((folder) => unused(join(root, 'deploy', folder)))).toEqual([]);
  });
});
