module.exports = { ...require('../../jest.preset.cjs'), displayName: '@giftmesh/tool-load', rootDir: __dirname };
