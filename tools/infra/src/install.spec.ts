import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { findProgram } from './find-program';

const script = resolve(__dirname, '../install.sh');
const install = (
  args: readonly string[],
  path = process.env['PATH'],
): { code: number | null; out: string; err: string } => {
  const { status, stdout, stderr } = spawnSync(findProgram('bash'), [script, ...args], {
    encoding: 'utf8',
    env: { ...process.env, PATH: path },
  });
  return { code: status, out: stdout, err: stderr };
};

describe('install.sh', () => {
  it('does nothing where all is there', () => {
    expect(install([])).toEqual({
      code: 0,
      out: "redis-server is there\nmariadbd is there\nKafka's jars are there\n",
      err: '',
    });
    expect(install(['redis'])).toEqual({ code: 0, out: 'redis-server is there\n', err: '' });
  });

  it('knows its servers', () => {
    expect(install(['redis', 'oracle'])).toEqual({
      code: 2,
      out: '',
      err: 'there is no server oracle; there are: redis mariadb kafka\n',
    });
  });

  it('says what it needs and has not', () => {
    const bare = mkdtempSync(join(tmpdir(), 'install-spec-'));
    try {
      for (const program of ['sed', 'head', 'dirname', 'cmp']) symlinkSync(findProgram(program), join(bare, program));
      expect(install(['redis', 'kafka'], bare)).toEqual({
        code: 1,
        out: '',
        err:
          'redis-server is missing, and there is no apt-get to install it with: install it with the package manager of this system\n' +
          'Kafka needs Java 17 or later, and there is none on the PATH: apt-get install openjdk-17-jre-headless\n',
      });
      const java = join(bare, 'java');
      writeFileSync(java, `#!/bin/sh\necho 'openjdk version "11.0.2" 2019-01-15' >&2\n`);
      chmodSync(java, 0o755);
      expect(install(['kafka'], bare).err).toContain('and there is only Java 11 on the PATH');
    } finally {
      rmSync(bare, { recursive: true });
    }
  });
});
