// Lets Node load the TypeScript sources of this workspace:  node --conditions=@giftmesh/source --require ./register-source.cjs ...
// Types are taken away, not checked.
const { readFileSync } = require('node:fs');
const Module = require('node:module');
const { transformSync } = require('@swc/core');

Module._extensions['.ts'] = (module, filename) => {
  const { code } = transformSync(readFileSync(filename, 'utf8'), {
    filename,
    jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
    module: { type: 'commonjs' },
    sourceMaps: 'inline',
    // No settings of the folder that it is run in.
    swcrc: false,
    configFile: false,
  });
  module._compile(code, filename);
};
