module.exports = {
  ...require('../../../jest.preset.cjs'),
  displayName: '@giftmesh/mesh-reflection',
  rootDir: __dirname,
};
