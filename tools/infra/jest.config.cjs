module.exports = { ...require('../../jest.preset.cjs'), displayName: '@giftmesh/tool-infra', rootDir: __dirname };
