// Writes a project's test counts to tmp/test-results/<project>.json, so that tools/ci/summary.mjs can add them up.
const { mkdirSync, readFileSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');

class TestResultsReporter {
  constructor(globalConfig) {
    this.rootDir = globalConfig.rootDir;
  }

  onRunComplete(_contexts, results) {
    const { name } = JSON.parse(readFileSync(join(this.rootDir, 'package.json'), 'utf8'));
    const file = join(__dirname, '../../tmp/test-results', `${name}.json`);
    mkdirSync(join(file, '..'), { recursive: true });
    const { numPassedTests: passed, numFailedTests, numPendingTests: skipped, numRuntimeErrorTestSuites } = results;
    const failed = numFailedTests + numRuntimeErrorTestSuites;
    // Tests on real clocks may have a second try (jest.retryTimes); who needed one is told, not hidden.
    const retried = results.testResults.flatMap(({ testResults }) =>
      testResults
        .filter(({ invocations = 1, status }) => invocations > 1 && status === 'passed')
        .map(({ fullName }) => fullName),
    );
    writeFileSync(file, JSON.stringify({ name, passed, failed, skipped, retried }));
  }
}

module.exports = TestResultsReporter;
