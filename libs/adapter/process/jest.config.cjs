module.exports = {
  ...require('../../../jest.preset.cjs'),
  displayName: '@giftmesh/adapter-process',
  rootDir: __dirname,
};
