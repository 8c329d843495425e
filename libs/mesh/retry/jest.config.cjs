module.exports = { ...require('../../../jest.preset.cjs'), displayName: '@giftmesh/mesh-retry', rootDir: __dirname };
