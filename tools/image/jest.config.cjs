module.exports = { ...require('../../jest.preset.cjs'), displayName: '@giftmesh/tool-image', rootDir: __dirname };
