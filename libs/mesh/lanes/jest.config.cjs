module.exports = { ...require('../../../jest.preset.cjs'), displayName: '@giftmesh/mesh-lanes', rootDir: __dirname };
