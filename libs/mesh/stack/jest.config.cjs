module.exports = { ...require('../../../jest.preset.cjs'), displayName: '@giftmesh/mesh-stack', rootDir: __dirname };
