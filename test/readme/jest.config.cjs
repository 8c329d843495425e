module.exports = { ...require('../../jest.preset.cjs'), displayName: '@giftmesh/test-readme', rootDir: __dirname };
