module.exports = {
  ...require('../../../jest.preset.cjs'),
  displayName: '@giftmesh/service-payment-da',
  rootDir: __dirname,
};
