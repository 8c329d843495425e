// What every project's tests share. Tests run from source: the package export "@giftmesh/source" is chosen over dist.
module.exports = {
  testEnvironment: 'node',
  testMatch: ['<rootDir>/**/*.{spec,property}.ts'],
  testPathIgnorePatterns: ['/node_modules/', '/dist/'],
  modulePathIgnorePatterns: ['/dist/'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
        module: { type: 'commonjs' },
        sourceMaps: 'inline',
      },
    ],
  },
  testEnvironmentOptions: { customExportConditions: ['@giftmesh/source', 'node', 'node-addons'] },
  setupFilesAfterEnv: process.env.CI ? [`${__dirname}/tools/ci/fixed-seed.cjs`] : [],
  reporters: ['default', `${__dirname}/tools/ci/test-results-reporter.cjs`],
  testTimeout: 20_000,
};
