module.exports = { ...require('../../../jest.preset.cjs'), displayName: '@giftmesh/mesh-health', rootDir: __dirname };
