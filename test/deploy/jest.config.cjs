module.exports = { ...require('../../jest.preset.cjs'), displayName: '@giftmesh/test-deploy', rootDir: __dirname };
