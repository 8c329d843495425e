module.exports = { ...require('../../jest.preset.cjs'), displayName: '@giftmesh/app-interaction', rootDir: __dirname };
