module.exports = { ...require('../../jest.preset.cjs'), displayName: '@giftmesh/test-servers', rootDir: __dirname };
