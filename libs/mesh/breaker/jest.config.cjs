module.exports = { ...require('../../../jest.preset.cjs'), displayName: '@giftmesh/mesh-breaker', rootDir: __dirname };
