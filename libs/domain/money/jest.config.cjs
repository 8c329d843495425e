module.exports = { ...require('../../../jest.preset.cjs'), displayName: '@giftmesh/domain-money', rootDir: __dirname };
