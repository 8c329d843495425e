// Behind the tests: removes what make-images.cjs has made.
const { chmodSync, readdirSync, rmSync, statSync } = require('node:fs');
const { join } = require('node:path');

module.exports = () => {
  const folder = process.env.MADE_IMAGES;
  for (const path of readdirSync(folder, { recursive: true }))
    if (statSync(join(folder, path)).isDirectory()) chmodSync(join(folder, path), 0o755);
  rmSync(folder, { recursive: true, force: true });
};
