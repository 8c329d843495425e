module.exports = { ...require('../../../jest.preset.cjs'), displayName: '@giftmesh/mesh-overload', rootDir: __dirname };
