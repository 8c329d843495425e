module.exports = { ...require('../../../jest.preset.cjs'), displayName: '@giftmesh/mesh-errors', rootDir: __dirname };
