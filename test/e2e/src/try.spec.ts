import { freePort, Harness } from '@giftmesh/test-harness';
import { Admin } from './support/admin';
import { LoadSender } from './support/open-load';
import { viewerWith } from './support/requests';
it('try', async () => {
  const harness = new Harness();
  const adminAddress = `127.0.0.1:${await freePort()}`;
  const mesh = await harness.startMesh({ env: { GIFTMESH_ADMIN_ADDRESS: adminAddress } });
  const admin = new Admin(adminAddress);
  const a = new LoadSender();
  const b = new LoadSender();
  const viewers = await Promise.all(Array.from({ length: 20 }, () => viewerWith(mesh, 1_000_000n)));
  const base = { address: mesh.addresses.interaction, timeoutMs: 5000, perSecond: 0 };
  try {
    for (const kind of ['panel', 'panel', 'ranking'] as const) {
      const r = await a.closed({ ...base, kind }, 8, 1500);
      console.log(kind, r.sent / 1.5, JSON.stringify(r.codes), r.p50Ms, r.p99Ms);
    }
    const c = (await a.closed({ ...base, kind: 'panel' }, 8, 1500)).sent / 1.5;
    for (const factor of [1.5, 3, 3]) {
      const load = a.open([{ ...base, kind: 'panel', perSecond: c * factor * 0.7 }, { ...base, kind: 'ranking', perSecond: c * factor * 0.3 }], 5000);
      const money = b.open([{ ...base, timeoutMs: 3000, kind: 'gift', perSecond: 60, viewers }, { kind: 'payment', address: mesh.addresses.station, timeoutMs: 2000, perSecond: 40, viewers }, { kind: 'order', address: mesh.addresses.station, timeoutMs: 3000, perSecond: 10 }], 5000);
      await new Promise((r) => setTimeout(r, 2500));
      const t = performance.now();
      const s = await admin.state();
      console.log('state', performance.now() - t, JSON.stringify([s.overloaded, s.servers, s.features]));
      for (const { results, lateMs } of [await load, await money]) console.log(lateMs, results.map((r) => JSON.stringify({ ...r, ids: undefined })).join('\n'));
      console.log((await admin.state()).overloaded);
    }
    console.log((await admin.metrics()).filter((x) => x.name.includes('decisions')).map((x) => JSON.stringify(x)).join('\n'));
  } finally { a.close(); b.close(); await harness.close(); }
}, 60000);
