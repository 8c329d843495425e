module.exports = {
  ...require('../../jest.preset.cjs'),
  displayName: '@giftmesh/app-payment-station',
  rootDir: __dirname,
};
