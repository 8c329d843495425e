module.exports = { ...require('../../jest.preset.cjs'), displayName: '@giftmesh/tool-observe', rootDir: __dirname };
