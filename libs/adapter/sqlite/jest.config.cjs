module.exports = {
  ...require('../../../jest.preset.cjs'),
  displayName: '@giftmesh/adapter-sqlite',
  rootDir: __dirname,
};
