module.exports = { ...require('../../jest.preset.cjs'), displayName: '@giftmesh/test-packages', rootDir: __dirname };
