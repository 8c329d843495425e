import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { repositoryRoot } from '@giftmesh/test-harness';
import { OBSERVE_FOLDER } from '@giftmesh/tool-observe';
import { alertTests } from './support/alert-tests';

/** Prometheus' own tool: named by `PROMTOOL`, or found in the path. */
const PROMTOOL = process.env['PROMTOOL'] ?? 'promtool';
const isThere = spawnSync(PROMTOOL, ['--version']).status === 0;

if (isThere) describe('promtool', checkWithPromtool);
else
  it('promtool is not there: queries are checked by our own parser only', () => {
    expect(isThere).toBe(false);
  });

function checkWithPromtool(): void {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'giftmesh-rules-'));
    cpSync(join(repositoryRoot(), OBSERVE_FOLDER, 'prometheus'), folder, { recursive: true });
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const run = (...args: readonly string[]) => {
    const { status, stdout, stderr } = spawnSync(PROMTOOL, [...args], { cwd: folder, encoding: 'utf8' });
    return { status, text: `${stdout}${stderr}` };
  };

  it('finds nothing wrong with settings and rules', () => {
    // Some builds (Debian's) know nothing of Kubernetes; all else of the file is checked with targets that are named.
    const pods = readFileSync(join(folder, 'kubernetes.yml'), 'utf8');
    const named = pods.replace(
      /kubernetes_sd_configs:\n +- role: pod/,
      "static_configs: [{ targets: ['127.0.0.1:9464'] }]",
    );
    expect(named).not.toBe(pods);
    writeFileSync(join(folder, 'pods.yml'), named);
    for (const file of ['prometheus.yml', 'pods.yml'])
      expect([file, run('check', 'config', file)]).toEqual([file, expect.objectContaining({ status: 0 })]);
    expect(run('check', 'rules', 'rules/money.yml', 'rules/mesh.yml', 'rules/slo.yml')).toMatchObject({ status: 0 });
  });

  it('finds a rule that is planted wrong', () => {
    const rules = readFileSync(join(folder, 'rules/money.yml'), 'utf8');
    writeFileSync(join(folder, 'wrong.yml'), rules.replace('max(da_log_lag) >', 'max(da_log_lag >'));
    expect(run('check', 'rules', 'wrong.yml').status).not.toBe(0);
  });

  it('sees alerts fire when they shall, and only then', () => {
    writeFileSync(join(folder, 'alerts.test.yml'), alertTests());
    const { status, text } = run('test', 'rules', 'alerts.test.yml');
    expect([text, status]).toEqual([expect.stringContaining('SUCCESS'), 0]);
  });
}
