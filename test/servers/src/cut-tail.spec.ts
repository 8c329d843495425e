import { connect } from 'node:net';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DURABLE_REDIS, startRedis } from '@giftmesh/tool-infra';
import { cutAofTail } from './cut-tail';

/** One command of Redis, inline. */
async function ask(port: number, command: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  try {
    socket.write(`${command}\r\n`);
    const [answer] = (await once(socket, 'data')) as [Buffer];
    return String(answer).trim();
  } finally {
    socket.destroy();
  }
}

describe('cutAofTail', () => {
  it('takes the last writes of a Redis that was killed, and leaves those before them', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'cut-tail-'));
    const start = (port?: number) => startRedis({ folder, port, args: DURABLE_REDIS });
    const first = await start();
    for (let key = 0; key < 10; key += 1) await ask(first.port, `SET key${key} 1`);
    await first.kill();
    // Two entries of 31 bytes and a part of a third.
    expect(cutAofTail(folder, 70)).toBe(70);
    const second = await start(first.port);
    expect(await ask(second.port, 'DBSIZE')).toBe(':7');
    expect(await ask(second.port, 'GET key6')).toBe('$1\r\n1');
    await second.kill();
    expect(cutAofTail(folder, 1_000_000)).toBeLessThan(1_000);
    const third = await start(first.port);
    expect(await ask(third.port, 'DBSIZE')).toBe(':0');
    await third.kill();
    rmSync(folder, { recursive: true });
  });

  it('says so when there is no append-only file', () => {
    const folder = mkdtempSync(join(tmpdir(), 'cut-tail-'));
    expect(() => cutAofTail(folder, 1)).toThrow('appendonlydir');
    rmSync(folder, { recursive: true });
  });
});
