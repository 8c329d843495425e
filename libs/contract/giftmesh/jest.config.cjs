module.exports = { ...require('../../../jest.preset.cjs'), displayName: '@giftmesh/contract', rootDir: __dirname };
