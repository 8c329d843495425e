// The layers of this workspace and what each may import, as data: eslint.config.mjs turns it into the boundary rule,
// layer-known.mjs looks a project's tag up in it. A project's layer is the tag `layer:<name>` in its package.json.

/** For each layer, the layers that its projects may import. */
export const LAYERS = {
  kernel: ['kernel'],
  contract: [],
  mesh: ['kernel', 'mesh'],
  domain: ['kernel', 'domain'],
  wire: ['kernel', 'contract', 'domain', 'wire'],
  // A port lives with its caller: those of money and gifts in domain, those of the mesh in mesh.
  adapter: ['kernel', 'mesh', 'domain'],
  service: ['kernel', 'contract', 'wire', 'mesh', 'domain'],
  app: ['kernel', 'contract', 'wire', 'mesh', 'domain', 'adapter', 'service'],
  tool: ['kernel', 'contract', 'wire', 'mesh', 'domain', 'adapter', 'service', 'tool'],
  test: ['kernel', 'contract', 'wire', 'mesh', 'domain', 'adapter', 'service', 'tool', 'app', 'test'],
};

/** The tag of a layer. */
export const tagOf = (layer) => `layer:${layer}`;

/** What the tests of a layer may import besides: tools that start the real servers they run against. */
const IN_TESTS = { adapter: ['tool'] };

/** The constraints of @nx/enforce-module-boundaries that say the same. */
export const depConstraints = Object.entries(LAYERS).map(([layer, allowed]) => constraint(layer, allowed));

/** The same for tests. */
export const testDepConstraints = Object.entries(LAYERS).map(([layer, allowed]) =>
  constraint(layer, [...allowed, ...(IN_TESTS[layer] ?? [])]),
);

function constraint(layer, allowed) {
  return { sourceTag: tagOf(layer), onlyDependOnLibsWithTags: allowed.map(tagOf) };
}
