import { startRedis } from '@giftmesh/tool-infra';
import { connectRedis } from './index';
import { withoutCommand } from './create-redis';

jest.setTimeout(60_000);

describe('what is told of errors', () => {
  it('has no password in it', async () => {
    const server = await startRedis({ args: ['--requirepass', 'right-word'] });
    try {
      const url = server.url.replace('//', '//:hidden-word@');
      for (const urls of [[url], [url, url]]) {
        const told: Error[] = [];
        await expect(connectRedis({ urls, waitMs: 3_000, onError: (error) => told.push(error) })).rejects.toThrow(
          urls.length === 1 ? 'refuses the credentials' : 'Redis at 127.0.0.1',
        );
        expect(told.length).toBeGreaterThan(0);
        for (const error of told)
          expect(JSON.stringify({ ...error, message: error.message, stack: error.stack })).not.toContain('hidden-word');
      }
    } finally {
      await server.kill();
    }
  });

  it('is what was thrown, in all but the command', () => {
    const inner = Object.assign(new Error('x'), { command: { args: ['secret'] }, code: 1 });
    const outer = Object.assign(new Error('y'), { lastNodeError: inner });
    expect(withoutCommand(outer)).toBe(outer);
    expect(inner).toMatchObject({ message: 'x', code: 1 });
    expect(inner).not.toHaveProperty('command');
    expect(withoutCommand(undefined)).toBeUndefined();
  });
});
