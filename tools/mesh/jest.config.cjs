module.exports = { ...require('../../jest.preset.cjs'), displayName: '@giftmesh/tool-mesh', rootDir: __dirname };
