module.exports = {
  ...require('../../../jest.preset.cjs'),
  displayName: '@giftmesh/mesh-rate-limit',
  rootDir: __dirname,
};
