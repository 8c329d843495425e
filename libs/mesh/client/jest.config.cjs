module.exports = { ...require('../../../jest.preset.cjs'), displayName: '@giftmesh/mesh-client', rootDir: __dirname };
