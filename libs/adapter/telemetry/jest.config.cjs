module.exports = {
  ...require('../../../jest.preset.cjs'),
  displayName: '@giftmesh/adapter-telemetry',
  rootDir: __dirname,
};
