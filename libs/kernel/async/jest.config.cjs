module.exports = { ...require('../../../jest.preset.cjs'), displayName: '@giftmesh/kernel-async', rootDir: __dirname };
