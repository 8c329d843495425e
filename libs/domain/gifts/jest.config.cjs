module.exports = { ...require('../../../jest.preset.cjs'), displayName: '@giftmesh/domain-gifts', rootDir: __dirname };
