module.exports = {
  ...require('../../../jest.preset.cjs'),
  displayName: '@giftmesh/mesh-lifecycle',
  rootDir: __dirname,
};
