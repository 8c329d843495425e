module.exports = { ...require('../../../jest.preset.cjs'), displayName: '@giftmesh/kernel-time', rootDir: __dirname };
