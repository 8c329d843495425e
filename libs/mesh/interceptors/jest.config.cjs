module.exports = {
  ...require('../../../jest.preset.cjs'),
  displayName: '@giftmesh/mesh-interceptors',
  rootDir: __dirname,
};
