// A plugin of nx: gives each project that has a `*.bench.ts` the target `bench`, which builds it and runs its benches one by one.
//   nx run @giftmesh/mesh-server:bench -- --quick
// What stands behind `--` goes to every bench of the project.
const { existsSync } = require('node:fs');
const { join } = require('node:path');

/** The folder of a bench's project and the bench's path below `src`, without `.ts`. */
function placeOf(file) {
  const [, root, bench] = /^(.+?)\/src\/(.+)\.ts$/.exec(file) ?? [];
  return { root, bench };
}

function benchTarget(benches) {
  return {
    executor: 'nx:run-commands',
    dependsOn: ['build'],
    // What a bench measures is never the same again.
    cache: false,
    options: {
      cwd: '{projectRoot}',
      // One may look at memory, and then collects garbage first.
      commands: benches.sort().map((bench) => `node --expose-gc dist/${bench}.js`),
      parallel: false,
    },
    metadata: { description: 'Builds the project and runs its benches' },
  };
}

module.exports = {
  name: 'giftmesh-bench-targets',
  createNodes: [
    '{apps,libs,test,tools}/**/src/**/*.bench.ts',
    (files, _options, { workspaceRoot }) => {
      const benchesByRoot = new Map();
      for (const file of files) {
        const { root, bench } = placeOf(file);
        if (root === undefined || !existsSync(join(workspaceRoot, root, 'package.json'))) continue;
        const known = benchesByRoot.get(root) ?? { file, benches: [] };
        known.benches.push(bench);
        benchesByRoot.set(root, known);
      }
      return [...benchesByRoot].map(([root, { file, benches }]) => [
        file,
        { projects: { [root]: { targets: { bench: benchTarget(benches) } } } },
      ]);
    },
  ],
};
