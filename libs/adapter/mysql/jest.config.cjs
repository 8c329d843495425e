module.exports = { ...require('../../../jest.preset.cjs'), displayName: '@giftmesh/adapter-mysql', rootDir: __dirname };
