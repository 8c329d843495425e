import { setTimeout as delay } from 'node:timers/promises';
import { createClient, grpcTransport } from '@giftmesh/mesh-client';
import { atEnd, closeAll, connectTls, INTERVAL_MS, openFiles, shop, startShop } from './mtls-test-kit';
import { channelSecurity } from './index';
import { makeAuthority } from './testing';

afterEach(closeAll);

/** What a server shows to a new connection. */
const shownBy = async (...args: Parameters<typeof connectTls>): Promise<string> => {
  const socket = await connectTls(...args);
  const { raw } = socket.getPeerCertificate();
  socket.destroy();
  return raw.toString('base64');
};
const rawOf = (pem: string): string => pem.replace(/-----[^-]+-----|\n/g, '');
const until = async (condition: () => boolean | Promise<boolean>): Promise<void> => {
  for (let waits = 0; !(await condition()); waits += 1) {
    if (waits > 500) throw new Error(`never came: ${String(condition)}`);
    await delay(INTERVAL_MS);
  }
};

describe('certificates that are replaced', () => {
  it('are seen by new connections, calls and streams go on, and even the authority can change', async () => {
    const old = makeAuthority(Date.now(), 'Old authority');
    const young = makeAuthority(Date.now(), 'Young authority');
    const server = await startShop(old.issueWorkload('shop'), old, { maxConnectionAgeMs: 150 });
    const caller = await openFiles(old.issueWorkload('front'), old.certificate);
    const transport = grpcTransport({ address: server.address, ...channelSecurity(caller.files, { server: 'shop' }) });
    atEnd(() => transport.close());
    const client = createClient(shop, transport);

    let isOver = false;
    let answered = 0;
    const failed: unknown[] = [];
    const calls = Array.from({ length: 4 }, async () => {
      while (!isOver) {
        await client.buy({ text: 'hi' }).then(
          () => (answered += 1),
          (error: unknown) => failed.push(error),
        );
        await delay(1);
      }
    });
    let watched = 0;
    const watch = (async () => {
      for await (const { text } of client.watch({ text: '' })) {
        expect(text).toBe(String(watched));
        watched += 1;
        if (isOver) break;
      }
    })();

    // Trust both, then show the new one, then trust it alone; everybody takes a step before anybody takes the next.
    const both = old.certificate + young.certificate;
    const step = async (change: () => void): Promise<void> => {
      const reloads = [server.files, caller.files].map((files) => Number(files.state()['reloads']));
      change();
      await until(() =>
        [server.files, caller.files].every((files, index) => Number(files.state()['reloads']) > Number(reloads[index])),
      );
      const before = answered;
      // Longer than a connection lives.
      await delay(250);
      expect(answered).toBeGreaterThan(before);
    };
    const ca = (text: string) => () => [server.folder, caller.folder].forEach((folder) => folder.write('caFile', text));
    await step(ca(both));
    const shown = young.issueWorkload('shop');
    await step(() => {
      server.folder.replace(shown);
      caller.folder.replace(young.issueWorkload('front'));
    });
    expect(await shownBy(server.port, young.issueWorkload('front'), young)).toBe(rawOf(shown.certificate));
    await step(ca(young.certificate));
    isOver = true;
    await Promise.all([...calls, watch]);
    expect(failed).toEqual([]);
    expect(watched).toBeGreaterThan(10);
    // Whom the old authority vouches for is nobody now.
    const late = await openFiles(old.issueWorkload('front'), both);
    const lateTransport = grpcTransport({
      address: server.address,
      ...channelSecurity(late.files, { server: 'shop' }),
    });
    atEnd(() => lateTransport.close());
    await expect(createClient(shop, lateTransport).buy({ text: '' })).rejects.toMatchObject({ code: 14 });
  });

  it('stay as they are while the files are wrong, and calls go on', async () => {
    const authority = makeAuthority(Date.now());
    const first = authority.issueWorkload('shop');
    const server = await startShop(first, authority);
    const front = authority.issueWorkload('front');
    server.folder.write('privateKeyFile', 'half a k');
    await until(() => Number(server.files.state()['refused']) === 1);
    expect(await shownBy(server.port, front, authority)).toBe(rawOf(first.certificate));
    const second = authority.issueWorkload('shop');
    server.folder.replace(second);
    await until(async () => (await shownBy(server.port, front, authority)) === rawOf(second.certificate));
    expect(server.files.state()).toMatchObject({ reloads: 1, refused: 1 });
  });
});
