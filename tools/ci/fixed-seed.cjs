/* global expect */
// Loaded before each file of tests in continuous integration (see jest.preset.cjs): there, properties draw the same values each
// time, so that a change goes red for what it changes. New seeds are drawn by everybody else: by `npm test` at home, and by the campaigns.
const SEED = 20_260_101;

if (expect.getState().testPath?.endsWith('.property.ts')) require('fast-check').configureGlobal({ seed: SEED });
