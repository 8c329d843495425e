module.exports = { ...require('../../jest.preset.cjs'), displayName: '@giftmesh/app-payment-da', rootDir: __dirname };
