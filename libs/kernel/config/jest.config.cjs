module.exports = { ...require('../../../jest.preset.cjs'), displayName: '@giftmesh/kernel-config', rootDir: __dirname };
