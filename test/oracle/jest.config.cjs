module.exports = { ...require('../../jest.preset.cjs'), displayName: '@giftmesh/test-oracle', rootDir: __dirname };
