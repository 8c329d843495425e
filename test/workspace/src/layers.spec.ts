import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './workspace';

interface Planted {
  /** A file that exists: its text is replaced for the linter only, the file itself stays as it is. */
  readonly file: string;
  readonly text: string;
}
interface Message {
  readonly rule: string | null;
  readonly message: string;
}

const BOUNDARIES = '@nx/enforce-module-boundaries';
const using = (name: string): string => `import * as used from '${name}';\nexport const planted = used;\n`;
const returning = (expression: string): string =>
  `/** Planted. */\nexport const planted = (): unknown => ${expression};\n`;

const DOMAIN = 'libs/domain/money/src/index.ts';
const KERNEL = 'libs/kernel/ids/src/index.ts';
const MESH = 'libs/mesh/deadline/src/index.ts';
const MESH_SPEC = 'libs/mesh/rate-limit/src/keyed.spec.ts';
const SERVICE = 'libs/service/payment-da/src/index.ts';
const APP = 'apps/standalone/src/main.ts';
const TOOL = 'tools/bench/src/main.ts';
const ADAPTER = 'libs/adapter/redis/src/index.ts';
const ADAPTER_SPEC = 'libs/adapter/redis/src/rate-limit-store.spec.ts';

/** What must fail, and by which rule. */
const forbidden: [why: string, rule: string, planted: Planted][] = [
  ['domain imports an adapter', BOUNDARIES, { file: DOMAIN, text: using('@giftmesh/adapter-memory') }],
  ['domain imports a contract', BOUNDARIES, { file: DOMAIN, text: using('@giftmesh/contract') }],
  ['kernel imports domain', BOUNDARIES, { file: KERNEL, text: using('@giftmesh/domain-money') }],
  ['mesh imports a contract', BOUNDARIES, { file: MESH, text: using('@giftmesh/contract') }],
  ['mesh imports domain', BOUNDARIES, { file: MESH, text: using('@giftmesh/domain-gifts') }],
  ['an adapter imports a contract', BOUNDARIES, { file: ADAPTER, text: using('@giftmesh/contract') }],
  ['an adapter imports a tool', BOUNDARIES, { file: ADAPTER, text: using('@giftmesh/tool-infra') }],
  ['mesh imports an adapter', BOUNDARIES, { file: MESH, text: using('@giftmesh/adapter-redis') }],
  ['a test of mesh imports a tool', BOUNDARIES, { file: MESH_SPEC, text: using('@giftmesh/tool-infra') }],
  ['a service imports an adapter', BOUNDARIES, { file: SERVICE, text: using('@giftmesh/adapter-sqlite') }],
  ['a service imports another', BOUNDARIES, { file: SERVICE, text: using('@giftmesh/service-interaction') }],
  ['an app imports another', BOUNDARIES, { file: APP, text: using('@giftmesh/app-interaction') }],
  ['a tool imports an app', BOUNDARIES, { file: TOOL, text: using('@giftmesh/app-standalone') }],
  [
    'a file is imported across projects by its path',
    BOUNDARIES,
    { file: SERVICE, text: using('../../../domain/money/src/event') },
  ],
  ['domain reads the clock', 'no-restricted-properties', { file: DOMAIN, text: returning('Date.now()') }],
  ['domain asks for the date', 'no-restricted-syntax', { file: DOMAIN, text: returning('new Date()') }],
  ['domain makes random numbers', 'no-restricted-properties', { file: DOMAIN, text: returning('Math.random()') }],
  ['domain reads the environment', 'no-restricted-globals', { file: DOMAIN, text: returning('process.env') }],
  ['domain starts a timer', 'no-restricted-globals', { file: DOMAIN, text: returning('setTimeout(() => {}, 1)') }],
  ['domain imports Node', 'no-restricted-imports', { file: DOMAIN, text: using('node:fs') }],
  ['kernel reads the clock', 'no-restricted-properties', { file: KERNEL, text: returning('Date.now()') }],
  ['a service reads the clock', 'no-restricted-properties', { file: SERVICE, text: returning('Date.now()') }],
  [
    'a promise is dropped',
    '@typescript-eslint/no-floating-promises',
    { file: ADAPTER, text: '/** Planted. */\nexport function planted(): void {\n  Promise.resolve();\n}\n' },
  ],
];

/** What must pass. */
const permitted: [why: string, planted: Planted][] = [
  ['domain imports kernel', { file: DOMAIN, text: using('@giftmesh/kernel-ids') }],
  ['a service imports mesh', { file: SERVICE, text: using('@giftmesh/mesh-context') }],
  ['a service imports a contract', { file: SERVICE, text: using('@giftmesh/contract') }],
  ['an adapter imports mesh', { file: ADAPTER, text: using('@giftmesh/mesh-rate-limit') }],
  ['a test of an adapter imports a tool', { file: ADAPTER_SPEC, text: using('@giftmesh/tool-infra') }],
  ['an adapter imports domain', { file: ADAPTER, text: using('@giftmesh/domain-money') }],
  ['an app imports an adapter', { file: APP, text: using('@giftmesh/adapter-sqlite') }],
  ['a tool imports a tool', { file: TOOL, text: using('@giftmesh/tool-load') }],
  ['the system clock reads the clock', { file: 'libs/kernel/time/src/system-clock.ts', text: returning('Date.now()') }],
  ['domain turns a given time into a date', { file: DOMAIN, text: returning('new Date(0)') }],
];

function lint(planted: readonly Planted[], env: NodeJS.ProcessEnv = {}): Message[][] {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, 'test/workspace/lint-texts.mjs')], {
    input: JSON.stringify(planted),
    encoding: 'utf8',
    env: { ...process.env, NX_DAEMON: 'false', ...env },
  });
  if (status !== 0) throw new Error(`the linter ended with ${status}: ${stderr}`);
  // The boundary rule prints to stdout where it has no graph; the answer is the last line.
  return JSON.parse(stdout.slice(stdout.lastIndexOf('\n') + 1)) as Message[][];
}

describe('lint', () => {
  const cases = [...forbidden.map(([, , planted]) => planted), ...permitted.map(([, planted]) => planted)];
  let messages: Message[][];
  beforeAll(() => {
    messages = lint(cases);
  }, 120_000);
  const rulesFor = (planted: Planted): (string | null)[] => messages[cases.indexOf(planted)]!.map(({ rule }) => rule);

  it.each(forbidden)('fails when %s', (_why, rule, planted) => {
    expect(existsSync(join(root, planted.file))).toBe(true);
    expect(rulesFor(planted)).toContain(rule);
  });

  it.each(permitted)('passes when %s', (_why, planted) => {
    expect(messages[cases.indexOf(planted)]).toEqual([]);
  });

  it('fails, and does not skip, without a project graph', () => {
    const emptyFolder = join(root, 'tmp/no-project-graph');
    const [found] = lint([{ file: DOMAIN, text: using('@giftmesh/kernel-ids') }], {
      NX_WORKSPACE_DATA_DIRECTORY: emptyFolder,
    });
    expect(found?.map(({ rule }) => rule)).toContain('giftmesh/layer-known');
  }, 60_000);
});
