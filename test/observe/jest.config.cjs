module.exports = { ...require('../../jest.preset.cjs'), displayName: '@giftmesh/test-observe', rootDir: __dirname };
