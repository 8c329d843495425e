// Before the tests: makes the folders of all images by the command that people use, outside of the repository, where no package of it can be
// found, and takes everybody's rights to write them.
const { execFileSync } = require('node:child_process');
const { chmodSync, mkdtempSync, readdirSync, statSync, writeFileSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { join } = require('node:path');

const TOOL = join(__dirname, '../../tools/image/dist/main.js');

module.exports = () => {
  const folder = mkdtempSync(join(tmpdir(), 'giftmesh-images-'));
  process.env.MADE_IMAGES = folder;
  // Whoever runs them must get there.
  chmodSync(folder, 0o755);
  const tool = (...args) => execFileSync(process.execPath, [TOOL, ...args, '--json'], { encoding: 'utf8' });
  for (const { name } of JSON.parse(tool('--list'))) {
    writeFileSync(join(folder, `${name}.json`), tool(name, '--out', join(folder, name)));
    for (const path of ['', ...readdirSync(join(folder, name), { recursive: true })]) {
      const one = join(folder, name, path);
      chmodSync(one, statSync(one).isDirectory() ? 0o555 : 0o444);
    }
  }
};
