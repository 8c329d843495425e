module.exports = { ...require('../../jest.preset.cjs'), displayName: '@giftmesh/test-e2e', rootDir: __dirname };
