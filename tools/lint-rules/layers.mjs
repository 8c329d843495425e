// The layers of this workspace and what each may import, as data: eslint.config.mjs turns it into the boundary rule,
// layer-known.mjs looks a project's tag up in it. A project's layer is the tag `layer:<name>` in its package.json.

/** For each layer, the layers that its projects may import. */
export const LAYERS = {
  kernel: ['kernel'],
  contract: [],
  mesh: ['kernel', 'mesh'],
  domain: ['kernel', 'domain'],
  wire: ['kernel', 'contract', 'domain', 'wire'],
  adapter: ['kernel', 'domain'],
  service: ['kernel', 'contract', 'wire', 'mesh', 'domain'],
  app: ['kernel', 'contract', 'wire', 'mesh', 'domain', 'adapter', 'service'],
  tool: ['kernel', 'contract', 'wire', 'mesh', 'domain', 'adapter', 'service', 'tool'],
  test: ['kernel', 'contract', 'wire', 'mesh', 'domain', 'adapter', 'service', 'tool', 'app', 'test'],
};

/** The tag of a layer. */
export const tagOf = (layer) => `layer:${layer}`;

/** The constraints of @nx/enforce-module-boundaries that say the same. */
export const depConstraints = Object.entries(LAYERS).map(([layer, allowed]) => ({
  sourceTag: tagOf(layer),
  onlyDependOnLibsWithTags: allowed.map(tagOf),
}));
