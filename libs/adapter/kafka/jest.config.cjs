module.exports = { ...require('../../../jest.preset.cjs'), displayName: '@giftmesh/adapter-kafka', rootDir: __dirname };
