module.exports = { ...require('../../../jest.preset.cjs'), displayName: '@giftmesh/kernel-errors', rootDir: __dirname };
