module.exports = { ...require('../../../jest.preset.cjs'), displayName: '@giftmesh/mesh-context', rootDir: __dirname };
