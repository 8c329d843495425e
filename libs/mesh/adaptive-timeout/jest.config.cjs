module.exports = {
  ...require('../../../jest.preset.cjs'),
  displayName: '@giftmesh/mesh-adaptive-timeout',
  rootDir: __dirname,
};
