module.exports = {
  ...require('../../../jest.preset.cjs'),
  displayName: '@giftmesh/service-interaction',
  rootDir: __dirname,
};
