module.exports = { ...require('../../../jest.preset.cjs'), displayName: '@giftmesh/kernel-random', rootDir: __dirname };
