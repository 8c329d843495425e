module.exports = { ...require('../../../jest.preset.cjs'), displayName: '@giftmesh/mesh-deadline', rootDir: __dirname };
