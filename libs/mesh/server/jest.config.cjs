module.exports = { ...require('../../../jest.preset.cjs'), displayName: '@giftmesh/mesh-server', rootDir: __dirname };
