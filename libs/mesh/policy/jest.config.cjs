module.exports = { ...require('../../../jest.preset.cjs'), displayName: '@giftmesh/mesh-policy', rootDir: __dirname };
