module.exports = { ...require('../../jest.preset.cjs'), displayName: '@giftmesh/test-harness', rootDir: __dirname };
