module.exports = { ...require('../../jest.preset.cjs'), displayName: '@giftmesh/test-conformance', rootDir: __dirname };
