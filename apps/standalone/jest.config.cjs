module.exports = { ...require('../../jest.preset.cjs'), displayName: '@giftmesh/app-standalone', rootDir: __dirname };
