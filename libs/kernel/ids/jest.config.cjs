module.exports = { ...require('../../../jest.preset.cjs'), displayName: '@giftmesh/kernel-ids', rootDir: __dirname };
