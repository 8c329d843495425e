import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SimulatedClock } from '@giftmesh/kernel-time';
import { CERTIFICATE_FILE_BYTES_MAX, CertificateFiles } from './index';
import { CertificateFolder, makeAuthority } from './testing';

const HOUR_MS = 3_600_000;
const opened: (() => void)[] = [];
afterEach(() => {
  for (const close of opened.splice(0)) close();
});

async function start() {
  const clock = new SimulatedClock();
  const authority = makeAuthority(clock.nowMs());
  const path = mkdtempSync(join(tmpdir(), 'mesh-tls-'));
  opened.push(() => rmSync(path, { recursive: true }));
  const first = authority.issueWorkload('station');
  const folder = new CertificateFolder(path, first, authority.certificate);
  const reloaded: string[] = [];
  const problems: string[] = [];
  const files = await CertificateFiles.open({
    ...folder.paths,
    clock,
    onReload: ({ certificate }) => reloaded.push(certificate),
    onProblem: ({ message }) => problems.push(message),
  });
  opened.push(() => files.stop());
  const looks = async (count: number): Promise<void> => {
    for (let look = 0; look < count; look += 1) await files.look();
  };
  return { clock, authority, folder, files, first, reloaded, problems, looks };
}

describe('CertificateFiles', () => {
  it('takes others when two looks have found the same, and they need to change only once', async () => {
    const { authority, folder, files, reloaded, problems, looks } = await start();
    const heard: unknown[] = [];
    const takeBack = files.subscribe(({ certificate }) => heard.push(certificate));
    const second = authority.issueWorkload('station');
    folder.replace(second);
    await looks(1);
    expect(reloaded).toEqual([]);
    await looks(5);
    expect(reloaded).toEqual([second.certificate]);
    expect(files.current).toMatchObject(second);
    takeBack();
    folder.replace(authority.issueWorkload('station'));
    await looks(2);
    expect(heard).toEqual([second.certificate]);
    expect([files.state()['reloads'], problems]).toEqual([2, []]);
  });

  it('takes nothing that still changes, and no certificate without its key', async () => {
    const { authority, folder, files, first, reloaded, problems, looks } = await start();
    const second = authority.issueWorkload('station');
    folder.write('certificateFile', second.certificate.slice(0, 200));
    await looks(1);
    folder.write('certificateFile', second.certificate);
    await looks(1);
    expect(problems).toEqual([]);
    await looks(3);
    expect(problems).toEqual([expect.stringContaining('does not belong')]);
    expect(files.current).toMatchObject(first);
    folder.write('privateKeyFile', second.privateKey);
    await looks(2);
    expect(reloaded).toEqual([second.certificate]);
  });

  it('keeps the old while the new cannot be used, tells why once, and takes it when it can', async () => {
    const { clock, authority, folder, files, first, reloaded, problems, looks } = await start();
    const times = { notBeforeMs: clock.nowMs() + HOUR_MS / 2, notAfterMs: clock.nowMs() + HOUR_MS };
    const early = authority.issueWorkload('station', times);
    folder.replace(early);
    await looks(4);
    expect(problems).toEqual([expect.stringContaining('is not valid before')]);
    expect(files.current).toMatchObject(first);
    clock.advance(HOUR_MS / 2);
    await looks(2);
    expect([reloaded, files.state()['refused']]).toEqual([[early.certificate], 1]);
  });

  it('keeps the old while files are gone, wrong or too large, and tells each once', async () => {
    const { folder, files, first, authority, problems, looks } = await start();
    rmSync(folder.paths.privateKeyFile);
    await looks(3);
    folder.write('privateKeyFile', first.privateKey);
    await looks(3);
    folder.write('caFile', 'x'.repeat(CERTIFICATE_FILE_BYTES_MAX + 1));
    await looks(3);
    folder.write('caFile', authority.certificate.slice(0, 100));
    await looks(3);
    expect(problems).toEqual([
      expect.stringContaining('tls.key cannot be read'),
      expect.stringContaining(`must be at most ${CERTIFICATE_FILE_BYTES_MAX} bytes`),
      expect.stringContaining('something else than whole certificates'),
    ]);
    expect(files.current).toMatchObject(first);
  });

  it('says once that the certificate in use has expired', async () => {
    const { clock, problems, looks } = await start();
    clock.advance(HOUR_MS);
    await looks(3);
    expect(problems).toEqual([expect.stringContaining('has expired and is still in use')]);
  });

  it('looks by itself at each interval, until it is stopped', async () => {
    const { clock, authority, folder, files, reloaded } = await start();
    const turn = () => new Promise((resolve) => setImmediate(resolve));
    const until = async (condition: () => boolean): Promise<void> => {
      for (let turns = 0; !condition(); turns += 1) {
        if (turns > 100_000) throw new Error('never came');
        await turn();
      }
    };
    folder.replace(authority.issueWorkload('station'));
    for (let look = 0; look < 2; look += 1) {
      await until(() => clock.pendingTimers === 1);
      clock.advance(1_000);
    }
    await until(() => reloaded.length === 1 && clock.pendingTimers === 1);
    files.stop();
    expect(clock.pendingTimers).toBe(0);
    folder.replace(authority.issueWorkload('station'));
    await files.look();
    await files.look();
    expect(reloaded).toHaveLength(1);
  });

  it('does not open what cannot be used, and no interval that is none', async () => {
    const { folder, clock } = await start();
    const open = (intervalMs?: number) =>
      CertificateFiles.open({ ...folder.paths, clock, ...(intervalMs === undefined ? {} : { intervalMs }) });
    await expect(open(9)).rejects.toThrow('intervalMs must be at least 10, got 9');
    await expect(open(Number.NaN)).rejects.toThrow(RangeError);
    folder.write('certificateFile', '');
    await expect(open()).rejects.toThrow('tls.crt has no certificate in PEM');
    rmSync(folder.paths.caFile);
    await expect(open()).rejects.toThrow('ca.crt cannot be read');
  });
});
