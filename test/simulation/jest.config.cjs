module.exports = { ...require('../../jest.preset.cjs'), displayName: '@giftmesh/test-simulation', rootDir: __dirname };
