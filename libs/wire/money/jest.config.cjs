module.exports = { ...require('../../../jest.preset.cjs'), displayName: '@giftmesh/wire-money', rootDir: __dirname };
