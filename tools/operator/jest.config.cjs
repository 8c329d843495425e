module.exports = { ...require('../../jest.preset.cjs'), displayName: '@giftmesh/tool-operator', rootDir: __dirname };
