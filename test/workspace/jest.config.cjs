module.exports = { ...require('../../jest.preset.cjs'), displayName: '@giftmesh/test-workspace', rootDir: __dirname };
