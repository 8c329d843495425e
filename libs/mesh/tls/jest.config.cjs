module.exports = { ...require('../../../jest.preset.cjs'), displayName: '@giftmesh/mesh-tls', rootDir: __dirname };
