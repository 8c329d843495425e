module.exports = { ...require('../../../jest.preset.cjs'), displayName: '@giftmesh/adapter-xds', rootDir: __dirname };
