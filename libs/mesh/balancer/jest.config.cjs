module.exports = { ...require('../../../jest.preset.cjs'), displayName: '@giftmesh/mesh-balancer', rootDir: __dirname };
