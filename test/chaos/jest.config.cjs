module.exports = { ...require('../../jest.preset.cjs'), displayName: '@giftmesh/test-chaos', rootDir: __dirname };
