module.exports = { ...require('../../../jest.preset.cjs'), displayName: '@giftmesh/adapter-redis', rootDir: __dirname };
