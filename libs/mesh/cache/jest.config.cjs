module.exports = { ...require('../../../jest.preset.cjs'), displayName: '@giftmesh/mesh-cache', rootDir: __dirname };
