module.exports = { ...require('../../jest.preset.cjs'), displayName: '@giftmesh/tool-demo', rootDir: __dirname };
