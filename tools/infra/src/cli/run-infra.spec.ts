import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { askRedis } from '../ask-redis';
import { startRedis } from '../redis';
import { exportText } from './report-text';
import type { ServerReport } from './look';
import { processMark } from './process-mark';
import { runInfra } from './run-infra';

describe('infra', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'infra-spec-'));
  });
  afterEach(async () => {
    await run('down');
    rmSync(folder, { recursive: true });
  });

  type Environment = Record<string, string>;
  const runWith = async (
    environment: Environment,
    ...args: string[]
  ): Promise<{ code: number; out: string; err: string }> => {
    let [out, err] = ['', ''];
    const stdout = { write: (text: string) => (out += text) };
    const stderr = { write: (text: string) => (err += text) };
    const code = await runInfra(args, { stdout, stderr, environment, folder });
    return { code, out, err };
  };
  const run = (...args: string[]) => runWith({}, ...args);
  const reports = async (...args: string[]): Promise<ServerReport[]> =>
    (JSON.parse((await run(...args, '--json')).out) as { servers: ServerReport[] }).servers;
  const portOf = (url: string | null | undefined): number => Number(new URL(url ?? '').port);

  it('brings all servers up once, says where they are, and takes them down', async () => {
    const first = await run('up');
    expect(first).toMatchObject({ code: 0, err: expect.stringContaining('kafka: starting') });
    for (const variable of ['GIFTMESH_REDIS_URL', 'GIFTMESH_MYSQL_URL', 'GIFTMESH_KAFKA_BROKERS'])
      expect(first.out).toMatch(new RegExp(`^export ${variable}=\\S*127\\.0\\.0\\.1:\\d+`, 'm'));

    const servers = await reports('status');
    expect(servers).toMatchObject(['redis', 'mariadb', 'kafka'].map((name) => ({ name, state: 'up', source: 'own' })));
    const again = await run('up');
    expect([again.code, again.err]).toEqual([0, '']);
    expect(await reports('up')).toEqual(servers);
    expect(first.out).toContain((await run('status', '--env')).out.trim());

    expect(await run('down')).toMatchObject({ code: 0, out: 'redis: stopped\nmariadb: stopped\nkafka: stopped\n' });
    for (const { pid } of servers) expect(await processMark(pid as number)).toBeUndefined();
    expect(await run('status')).toMatchObject({ code: 1, out: expect.stringContaining('kafka: not started') });
    expect(await run('down')).toMatchObject({ code: 0, out: expect.stringContaining('redis: did not run') });
    expect(readdirSync(join(folder, 'data')).sort()).toEqual(['kafka', 'mariadb', 'redis']);
    expect(readdirSync(folder).sort()).toEqual(['data', 'state.json']);
  }, 60_000);

  it('keeps what they hold, where they were, until it is told not to', async () => {
    const [before] = await reports('up', '--only', 'redis');
    const port = portOf(before?.url);
    await askRedis({ port }, ['SET', 'a', '1']);
    process.kill(before?.pid as number, 'SIGKILL');
    while ((await processMark(before?.pid as number)) !== undefined) await delay(20);
    expect(await reports('status', '--only', 'redis')).toMatchObject([
      { state: 'down', pid: null, note: 'it has ended by itself' },
    ]);
    const [after] = await reports('up', '--only', 'redis');
    expect([after?.url, after?.pid === before?.pid]).toEqual([before?.url, false]);
    expect(await askRedis({ port }, ['GET', 'a'])).toEqual(['1']);
    expect((await run('down', '--delete-data', '--only', 'redis')).out).toBe('redis: stopped, its data are gone\n');
    expect(existsSync(join(folder, 'data', 'redis'))).toBe(false);

    const taken = createServer().listen(port, '127.0.0.1');
    await once(taken, 'listening');
    const [moved] = await reports('up', '--only', 'redis');
    taken.close();
    expect(moved?.state).toBe('up');
    expect(portOf(moved?.url)).not.toBe(port);
    expect(await askRedis({ port: portOf(moved?.url) }, ['GET', 'a'])).toEqual(['']);
  });

  it('says so when one is silent, and takes it down all the same', async () => {
    const [redis] = await reports('up', '--only', 'redis');
    process.kill(redis?.pid as number, 'SIGSTOP');
    for (const command of ['status', 'up'])
      expect(await run(command, '--only', 'redis')).toMatchObject({
        code: 1,
        out: expect.stringContaining('redis: it runs, and does not answer: no answer from'),
      });
    expect((await run('down', '--only', 'redis')).out).toBe('redis: stopped\n');
  });

  it('uses the servers of the environment, and leaves them alone', async () => {
    const redis = await startRedis({ args: ['--requirepass', 'secret'] });
    try {
      const right = { GIFTMESH_REDIS_URL: `redis://:secret@127.0.0.1:${redis.port}` };
      const up = await runWith(right, 'up', '--only', 'redis');
      expect(up).toMatchObject({
        code: 0,
        err: '',
        out: expect.stringContaining(`redis://:***@127.0.0.1:${redis.port}`),
      });
      expect(up.out).not.toMatch(/secret|export/);
      expect(existsSync(join(folder, 'data'))).toBe(false);
      expect((await runWith(right, 'down', '--only', 'redis')).out).toBe('redis: left alone (it is not ours)\n');
      expect(await runWith(right, 'install', '--only', 'redis')).toMatchObject({
        code: 0,
        err: 'redis is in the environment\n',
      });
      const wrong = { GIFTMESH_REDIS_URL: `redis://:other@127.0.0.1:${redis.port}` };
      expect(await runWith(wrong, 'up', '--only', 'redis')).toMatchObject({
        code: 1,
        out: expect.stringContaining('redis: it does not answer: it refuses: WRONGPASS'),
      });
    } finally {
      await redis.kill();
    }
  });

  it('knows its own server by the address that it told to export', async () => {
    const own = await reports('up', '--only', 'redis');
    const [, variable = '', url = ''] = /export (\w+)=(\S+)/.exec(exportText(own)) ?? [];
    const status = await runWith({ [variable]: url }, 'status', '--only', 'redis', '--json');
    expect(JSON.parse(status.out)).toEqual({ ok: true, servers: own });
  });

  it.each([
    ['redis', 'GIFTMESH_REDIS_URL', 'localhost:6379', 'not a URL that begins with redis:// or rediss://'],
    ['mariadb', 'GIFTMESH_MYSQL_URL', 'postgres://a@b/c', 'not a URL that begins with mysql:// or mariadb://'],
    ['mariadb', 'GIFTMESH_MYSQL_URL', 'mysql://127.0.0.1:1/c', 'ECONNREFUSED'],
    ['kafka', 'GIFTMESH_KAFKA_BROKERS', '127.0.0.1:1,here', 'ECONNREFUSED 127.0.0.1:1; here is not host:port'],
  ])('says what is wrong with an address of %s: %s=%s', async (only, variable, url, note) => {
    expect(await runWith({ [variable]: url }, 'status', '--only', only)).toMatchObject({
      code: 1,
      out: expect.stringContaining(note),
    });
  });

  it('says what is wrong when a server does not start, and starts the others', async () => {
    mkdirSync(join(folder, 'data'));
    writeFileSync(join(folder, 'data', 'redis'), 'not a folder');
    const { code, out } = await run('up', '--only', 'redis,mariadb');
    expect(code).toBe(1);
    expect(out).toContain('redis: EEXIST');
    expect(out).toMatch(/export GIFTMESH_MYSQL_URL/);
  });

  it('refuses to work beside another, and on a damaged memory', async () => {
    writeFileSync(join(folder, 'lock'), `${process.pid} ${await processMark(process.pid)}`);
    expect(await run('up')).toMatchObject({
      code: 1,
      out: '',
      err: `another \`infra\` is at work (process ${process.pid}): wait for it\n`,
    });
    // Whoever held it is gone.
    writeFileSync(join(folder, 'lock'), `${process.pid} 1`);
    expect(await run('down')).toMatchObject({ code: 0 });
    expect(readFileSync(join(folder, 'state.json'), 'utf8')).toBe('{}\n');
    for (const damage of ['{', '{"redis":{"url":1}}', '{"redis":{"url":"","port":1,"process":{"pid":-1,"mark":""}}}']) {
      writeFileSync(join(folder, 'state.json'), damage);
      expect(await run('down')).toMatchObject({ code: 1, err: expect.stringContaining('is damaged') });
    }
    writeFileSync(join(folder, 'state.json'), '{}');
  });

  it('helps, and says when it does not understand', async () => {
    expect(await run()).toMatchObject({ code: 0, out: expect.stringContaining('Usage: npm run infra') });
    expect(await run('away')).toMatchObject({ code: 2, out: '', err: expect.stringContaining('no command away') });
  });
});
