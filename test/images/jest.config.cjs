module.exports = {
  ...require('../../jest.preset.cjs'),
  displayName: '@giftmesh/test-images',
  rootDir: __dirname,
  globalSetup: './make-images.cjs',
  globalTeardown: './remove-images.cjs',
};
