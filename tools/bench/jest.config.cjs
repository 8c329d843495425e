module.exports = { ...require('../../jest.preset.cjs'), displayName: '@giftmesh/tool-bench', rootDir: __dirname };
