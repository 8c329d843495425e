module.exports = {
  ...require('../../../jest.preset.cjs'),
  displayName: '@giftmesh/service-payment-station',
  rootDir: __dirname,
};
