import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import type { DemoReport } from './report/figures';

/** The built command: what is run is what people run. */
const MAIN = join(__dirname, '../dist/main.js');
const ANSI = '\u001b';

interface Run {
  readonly child: ChildProcess;
  readonly out: () => string;
  readonly err: () => string;
  /** The exit code. */
  readonly ended: Promise<number | null>;
}

function start(...args: string[]): Run {
  if (!existsSync(MAIN)) throw new Error(`${MAIN} is not there: nx run @giftmesh/tool-demo:build`);
  const child = spawn(process.execPath, [MAIN, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    // A mesh of somebody's own is none of the demo's business.
    env: { ...process.env, GIFTMESH_DATA_DIR: '/nowhere', FORCE_COLOR: '1', CI: '1' },
  });
  let [out, err] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
  const ended = once(child, 'close').then(([code]) => code as number | null);
  return { child, out: () => out, err: () => err, ended };
}

async function untilSays(run: Run, pattern: RegExp): Promise<RegExpExecArray> {
  for (;;) {
    const found = pattern.exec(run.out());
    if (found !== null) return found;
    if (run.child.exitCode !== null) throw new Error(`it ended without ${pattern}: ${run.out()}${run.err()}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** True while somebody listens at `host:port`. */
async function isServed(address: string): Promise<boolean> {
  const socket = connect(Number(address.split(':')[1]), '127.0.0.1');
  try {
    return await Promise.race([once(socket, 'connect').then(() => true), once(socket, 'error').then(() => false)]);
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

describe('the demo', () => {
  it('--once --json: the books have exactly what viewers were told', async () => {
    const run = start('--once', '--gifts', '300', '--viewers', '100', '--seed', '5', '--json');
    expect({ code: await run.ended, err: run.err() }).toMatchObject({
      code: 0,
      err: expect.stringContaining('Reconciled'),
    });
    const report = JSON.parse(run.out()) as DemoReport;
    expect(Object.keys(report).sort()).toEqual(['environment', 'figures', 'notes', 'seed', 'suite']);
    expect(report).toMatchObject({ suite: 'demo', seed: 5 });
    for (const figure of report.figures) {
      expect(Object.keys(figure).sort()).toEqual(['aim', 'name', 'reached', 'unit', 'value']);
      expect(figure).toMatchObject({ value: expect.any(Number), reached: figure.aim === null ? null : true });
    }
    const value = (name: string): number => {
      const figure = report.figures.find((each) => each.name === name);
      if (figure === undefined) throw new Error(`no figure ${name}`);
      return figure.value;
    };
    // Everybody who ran out either bought more and tried again with a new id, or let it be.
    expect(value('gifts.refused')).toBeGreaterThan(0);
    expect(value('gifts.sent')).toBeGreaterThanOrEqual(300);
    expect(value('gifts.sent')).toBe(value('gifts.applied') + value('gifts.refused'));
    expect(value('gifts.settled')).toBe(value('gifts.sent'));
    expect(value('ledger.events')).toBe(value('gifts.sent') + value('recharges'));
    expect(value('ledger.refusals')).toBe(value('gifts.refused'));
    expect(value('ledger.recharged')).toBe(value('coins.recharged'));
    expect(value('ledger.balances')).toBe(value('coins.recharged'));
    expect(value('coins.paid')).toBeGreaterThan(0);
    expect(value('memory.accounts')).toBeGreaterThan(0);
    expect(value('room.messages')).toBeGreaterThan(0);
    expect(value('share.viewers_of_top_three')).toBe(0.77);
  }, 60_000);

  it('serves on, with a gift to send by hand, until it is interrupted; nothing is left then', async () => {
    const run = start('--gifts', '50', '--viewers', '20', '--seed', '6');
    await untilSays(run, /Ctrl\+C ends/);
    for (const word of ['grpcurl -plaintext', 'npx buf curl', '"viewer_id":"42"', 'The Big Stage (room 1)', 'equal'])
      expect(run.out()).toContain(word);
    expect(run.out()).not.toContain(ANSI);
    const dataDir = /--data (\S+)/.exec(run.out())?.[1] ?? '';
    expect(existsSync(dataDir)).toBe(true);
    run.child.kill('SIGINT');
    expect({ code: await run.ended, err: run.err() }).toEqual({ code: 0, err: '' });
    expect(existsSync(dataDir)).toBe(false);
  }, 60_000);

  it('ends cleanly when it is interrupted while it plays', async () => {
    const run = start('--gifts', '1000', '--rate', '1', '--viewers', '20');
    await untilSays(run, /The evening begins/);
    const addresses = run.out().match(/127\.0\.0\.1:\d+/g) ?? [];
    expect(await Promise.all(addresses.map(isServed))).toEqual([true, true, true]);
    run.child.kill('SIGTERM');
    expect(await run.ended).toBe(130);
    expect(run.err()).toContain('Interrupted');
    expect(await Promise.all(addresses.map(isServed))).toEqual([false, false, false]);
  }, 60_000);

  it('refuses what it can’t follow, and helps', async () => {
    const wrong = start('--gifts', 'many');
    expect(await wrong.ended).toBe(64);
    expect(wrong.err()).toContain('--gifts must be a whole number from 1 to 1000000, is "many"');
    expect(wrong.out()).toBe('');
    const help = start('--help');
    expect(await help.ended).toBe(0);
    expect(help.out()).toContain('--once');
  }, 60_000);
});
