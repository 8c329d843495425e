import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { repositoryRoot, useMesh } from '@giftmesh/test-harness';

/** The block of README.md under a heading. */
function shellBlockUnder(heading: string): string {
  const readme = readFileSync(join(repositoryRoot(), 'README.md'), 'utf8');
  const section = readme.split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? '';
  return /```sh\n([\s\S]*?)```/.exec(section)?.[1] ?? '';
}

describe('README', () => {
  const mesh = useMesh();

  it('sends a gift by hand, word for word but for the ports', async () => {
    const commands = shellBlockUnder('Send a gift by hand')
      .replaceAll('127.0.0.1:7001', mesh.addresses.interaction)
      .replaceAll('127.0.0.1:7002', mesh.addresses.station);
    expect(commands).toContain('SendGift');
    const { stdout } = await promisify(execFile)('bash', ['-euo', 'pipefail', '-c', commands], {
      cwd: repositoryRoot(),
      timeout: 60_000,
    });
    expect(stdout).toContain('giftmesh.interaction.v1.InteractionService/SendGift');
    expect(stdout).toContain('"balance": "1000"');
    expect(stdout).toContain('"balance": "997"');
    expect(stdout).toContain('"role": "RECORD_ROLE_PAYER"');
  }, 90_000);
});
