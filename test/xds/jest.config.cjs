module.exports = { ...require('../../jest.preset.cjs'), displayName: '@giftmesh/test-xds', rootDir: __dirname };
