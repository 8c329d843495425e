module.exports = {
  ...require('../../../jest.preset.cjs'),
  displayName: '@giftmesh/adapter-memory',
  rootDir: __dirname,
};
