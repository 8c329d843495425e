// The lint rules of all projects; `nx run-many -t lint` runs them, a project at a time, with the workspace's project graph.
import js from '@eslint/js';
import nx from '@nx/eslint-plugin';
import tseslint from 'typescript-eslint';
import layerKnown from './tools/lint-rules/layer-known.mjs';
import { depConstraints, testDepConstraints } from './tools/lint-rules/layers.mjs';
import { pure, timeIsGiven } from './tools/lint-rules/purity.mjs';

const root = import.meta.dirname;
const BOUNDARIES = { banTransitiveDependencies: true, checkDynamicDependenciesExceptions: [] };
const TESTS = ['**/*.{spec,property,bench}.ts', '**/*-test-kit.ts', 'test/**/*.ts'];
const TEST_HELP = ['**/src/testing/**/*.ts'];
const SCRIPTS = ['**/*.{js,cjs,mjs}'];

export default tseslint.config(
  {
    ignores: ['**/node_modules', '**/dist', '**/coverage', 'tmp', '.nx', 'libs/contract/*/src/generated', '**/*.d.ts'],
  },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  js.configs.recommended,
  ...tseslint.configs.recommendedTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: root } },
    plugins: { '@nx': nx, giftmesh: { rules: { 'layer-known': layerKnown } } },
    rules: {
      // Bugs.
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true, requireDefaultForNonUnion: false },
      ],
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/only-throw-error': 'error',
      '@typescript-eslint/return-await': ['error', 'error-handling-correctness-only'],
      '@typescript-eslint/no-deprecated': 'error',
      '@typescript-eslint/no-unnecessary-boolean-literal-compare': 'error',
      '@typescript-eslint/use-unknown-in-catch-callback-variable': 'error',
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_', caughtErrors: 'all', ignoreRestSiblings: true },
      ],
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true, allowNullish: true },
      ],
      // An async function without await is how a port's synchronous implementation keeps its type.
      '@typescript-eslint/require-await': 'off',
      // The same gRPC code comes as our StatusCode and as the enum of grpc-js.
      '@typescript-eslint/no-unsafe-enum-comparison': 'off',
      eqeqeq: 'error',
      'no-console': 'error',
      'no-eval': 'error',
      'no-implied-eval': 'off',
      'no-promise-executor-return': 'off',
      'prefer-const': 'error',
      // Shape.
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/no-import-type-side-effects': 'error',
      'max-lines': ['warn', { max: 300 }],
      // Layers.
      'giftmesh/layer-known': 'error',
      '@nx/enforce-module-boundaries': ['error', { ...BOUNDARIES, depConstraints }],
    },
  },
  {
    files: ['**/*.{spec,property}.ts', '**/*-test-kit.ts'],
    rules: {
      '@nx/enforce-module-boundaries': ['error', { ...BOUNDARIES, depConstraints: testDepConstraints }],
    },
  },
  {
    files: ['libs/{kernel,domain,wire}/**/*.ts', 'libs/mesh/**/*decider*.ts'],
    ignores: [...TESTS, ...TEST_HELP, 'libs/kernel/time/src/system-clock.ts'],
    rules: pure,
  },
  {
    files: ['libs/{mesh,service}/**/*.ts', 'libs/{kernel,domain,wire}/**/src/testing/**/*.ts'],
    ignores: [...TESTS, 'libs/mesh/**/*decider*.ts'],
    rules: timeIsGiven,
  },
  {
    // Processes of their own, and what runs one: they talk to their user by the console.
    files: ['{apps,tools,test}/**', 'libs/adapter/process/**', '**/*.bench.ts'],
    rules: { 'no-console': 'off' },
  },
  {
    files: [...TESTS, ...TEST_HELP],
    rules: {
      // Matchers are typed any by jest, mocked methods are passed unbound, and tests reject with what isn't an Error on purpose.
      '@typescript-eslint/unbound-method': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      '@typescript-eslint/prefer-promise-reject-errors': 'off',
      '@typescript-eslint/only-throw-error': 'off',
    },
  },
  {
    // The variants of a transaction (`.immediate`) are functions of their own, only typed as methods.
    files: ['libs/adapter/sqlite/**/*.ts'],
    rules: { '@typescript-eslint/unbound-method': 'off' },
  },
  {
    files: SCRIPTS,
    extends: [tseslint.configs.disableTypeChecked],
    languageOptions: {
      globals: {
        console: 'readonly',
        process: 'readonly',
        Buffer: 'readonly',
        URL: 'readonly',
        structuredClone: 'readonly',
      },
    },
    rules: { 'no-console': 'off', 'giftmesh/layer-known': 'off' },
  },
  {
    files: ['**/*.cjs'],
    languageOptions: {
      sourceType: 'commonjs',
      globals: { require: 'readonly', module: 'writable', __dirname: 'readonly' },
    },
    rules: { '@typescript-eslint/no-require-imports': 'off' },
  },
  {
    // A project's jest.config.cjs takes the shared preset by its path.
    files: ['**/jest.config.cjs'],
    rules: { '@nx/enforce-module-boundaries': 'off' },
  },
);
