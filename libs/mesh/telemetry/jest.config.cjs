module.exports = {
  ...require('../../../jest.preset.cjs'),
  displayName: '@giftmesh/mesh-telemetry',
  rootDir: __dirname,
};
