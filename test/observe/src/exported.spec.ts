import { StatusCode, statusName } from '@giftmesh/kernel-errors';
import { CertificateFolder, makeAuthority } from '@giftmesh/mesh-tls/testing';
import { Harness, readStream } from '@giftmesh/test-harness';
import { eventually, giftOf, newUser, RANKING, ROOM, viewerWith } from './support/calls';
import { KnownSeries } from './support/known-series';
import { allQueries, documentedMetrics, rules } from './support/observe-files';
import { ObservedMesh } from './support/observed-mesh';
import { parsePromql, withoutVariables } from './support/promql';

// On a real clock, beside other processes: a machine that stalls may fail it once; the second try is counted as one.
jest.retryTimes(1, { logErrorsBeforeRetry: true });

/** Hot streamers are told of by the full minute. */
const MINUTE_AND_MORE_MS = 90_000;
jest.setTimeout(180_000);

const VOCABULARY = {
  rpc_response_status_code: Array.from({ length: StatusCode.UNAUTHENTICATED + 1 }, (_, code) => statusName(code)),
  /** Business priorities of the proto, and that of load tests. */
  priority: ['10', '20', '30', '40', '127'],
};

describe('dashboards, alerts and objectives', () => {
  const harness = new Harness();
  let mesh: ObservedMesh;
  let known: KnownSeries;

  beforeAll(async () => {
    mesh = await ObservedMesh.start(harness);
    await sendGifts();
    await overload();
    await eventually(async () => {
      await mesh.scrape();
      for (const name of ['da_audit_last_success_seconds', 'interaction_hot_streamers_earned', 'da_log_lag'])
        expect([name, mesh.valueOf(name)]).toEqual([name, expect.any(Number)]);
    }, MINUTE_AND_MORE_MS);
    await mesh.scrapeOther('payment-da', certificates());
    await loseTheDa();
    const recorded = rules().flatMap(({ rule }) =>
      rule.record === undefined ? [] : [{ name: rule.record, labels: rule.labels ?? {}, value: 0 }],
    );
    known = new KnownSeries([...mesh.exported.series, ...recorded], VOCABULARY);
  });
  afterAll(() => harness.close());

  async function sendGifts(): Promise<void> {
    const { clients } = mesh;
    const viewer = await viewerWith(clients, 100n);
    const gift = giftOf(viewer, 3);
    await clients.interaction.call.sendGift(gift);
    await clients.interaction.call.sendGift(gift);
    await Promise.all(Array.from({ length: 10 }, () => clients.interaction.call.sendGift(giftOf(viewer))));
    await expect(clients.interaction.call.sendGift(giftOf(newUser()))).rejects.toMatchObject({ code: 9 });
    const stream = clients.interaction.client.streamGifts();
    const answers = readStream(stream, () => undefined);
    stream.write({ gifts: [giftOf(viewer)] });
    stream.end();
    expect((await answers).kind).toBe('ended');
    for (let look = 0; look < 3; look += 1) await clients.interaction.call.getLeaderboard(RANKING);
    await mesh.scrape();
  }

  function certificates(): Record<string, string> {
    const authority = makeAuthority(Date.now(), 'Authority of this test');
    const own = authority.issueWorkload('payment-da');
    const { paths } = new CertificateFolder(harness.folder('certificates'), own, authority.certificate);
    return {
      GIFTMESH_TLS_CERT_FILE: paths.certificateFile,
      GIFTMESH_TLS_KEY_FILE: paths.privateKeyFile,
      GIFTMESH_TLS_CA_FILE: paths.caFile,
    };
  }

  /** Has interaction shed panels, and refuse rankings above a rate. */
  async function overload(): Promise<void> {
    const { call } = mesh.clients.interaction;
    const methods = ['/giftmesh.interaction.v1.InteractionService/GetLeaderboard'];
    await mesh.behave('interaction', {
      server: {
        concurrency: { kind: 'fixed', limit: 1 },
        queueMax: 1,
        rateLimits: [
          { name: 'rankings', limit: { algorithm: 'token-bucket', permits: 1, windowMs: 1_000, burst: 1 }, methods },
        ],
      },
    });
    const panel = { roomId: ROOM, pageSize: 10, pageToken: '' };
    await eventually(async () => {
      const calls = [
        ...Array.from({ length: 50 }, () => call.listGifts(panel)),
        ...Array.from({ length: 5 }, () => call.getLeaderboard(RANKING)),
      ];
      await Promise.allSettled(calls);
      await mesh.scrape();
      expect(mesh.valueOf('mesh_admission_sheds_total', { server: 'interaction' })).toBeGreaterThan(0);
      expect(mesh.valueOf('mesh_policy_decisions_total', { decision: 'limited' })).toBeGreaterThan(0);
    }, 20_000);
    await mesh.behave('interaction', {});
  }

  /** Users who are not in the store can't be loaded then: the station tries again, and its breaker opens. */
  async function loseTheDa(): Promise<void> {
    await mesh.processes['payment-da'].kill();
    const { call } = mesh.clients.station;
    await eventually(async () => {
      await Promise.allSettled(
        Array.from({ length: 30 }, () =>
          call.getAssets({ userIds: [newUser()], cachedOnly: false }, { timeoutMs: 1_000 }),
        ),
      );
      await mesh.scrape();
      expect(mesh.valueOf('mesh_policy_mode', { policy: 'breaker', value: 'open' })).toBe(1);
      expect(mesh.valueOf('mesh_policy_decisions_total', { policy: 'retry' })).toBeGreaterThan(0);
    }, 30_000);
  }

  it('ask only for metrics, labels and values that a running mesh exports', () => {
    const problems = allQueries().flatMap(({ where, expr }) =>
      known.problems(parsePromql(withoutVariables(expr))).map((problem) => `${where}: ${problem}`),
    );
    expect(problems).toEqual([]);
  });

  it('are not all: docs/OBSERVE.md names every metric that is exported, and no other', () => {
    const exported = new Set(mesh.exported.series.map(({ name }) => name.replace(/_(bucket|sum|count)$/, '')));
    expect([...documentedMetrics()].sort()).toEqual([...exported].sort());
  });

  it('name labels in legends and words that their queries leave', () => {
    for (const { where, expr, texts, labels } of allQueries()) {
      const there = parsePromql(withoutVariables(expr)).labels((metric) => known.labelsOf(metric));
      for (const label of texts)
        expect([where, label, there.has(label) || labels.includes(label)]).toEqual([where, label, true]);
    }
  });

  it.each([
    ['da_log_lag', 'da_log_lags', 'no metric da_log_lags is exported'],
    ['by (outcome)', 'by (outcomes)', 'no label outcomes'],
    ['policy="breaker"', 'policy="braker"', 'no series of mesh_policy_'],
    ['reason', 'raison', 'no label raison'],
    ['SendGift', 'SentGift', 'no series of rpc_server_call_duration_seconds_count'],
    ['UNAVAILABLE', 'UNAVAILABEL', 'never has rpc_response_status_code UNAVAILABEL'],
    ['10([.]0)?', '11([.]0)?', 'no series of da_settle_lag_seconds_bucket'],
    ['ratio_rate3d', 'ratio_rate4d', 'no metric giftmesh:slo_errors:ratio_rate4d'],
  ])('would be red if %s were %s', (right, wrong, problem) => {
    const planted = allQueries().filter(({ expr }) => expr.includes(right));
    expect(planted.length).toBeGreaterThan(0);
    const found = planted.flatMap(({ expr }) =>
      known.problems(parsePromql(withoutVariables(expr.replaceAll(right, wrong)))),
    );
    expect(found.join('\n')).toContain(problem);
  });

  it('would see a promise broken: what the mesh has just done counts', () => {
    const count = (labels: Readonly<Record<string, string>>): number =>
      mesh.exported.series
        .filter(({ name }) => name === 'rpc_server_call_duration_seconds_count')
        .filter((series) => Object.entries(labels).every(([label, value]) => series.labels[label] === value))
        .reduce((sum, { value }) => sum + value, 0);
    const sendGift = { rpc_method: 'giftmesh.interaction.v1.InteractionService/SendGift', mesh_stress: 'false' };
    expect(count({ ...sendGift, rpc_response_status_code: 'OK' })).toBe(12);
    expect(count({ ...sendGift, rpc_response_status_code: 'FAILED_PRECONDITION' })).toBe(1);
    expect(count({ ...sendGift })).toBe(13);
    // 11 gifts by calls, one by the stream, and the refusal, which is a decision like any other.
    expect(mesh.valueOf('da_events_total', { outcome: 'applied' })).toBe(13);
    // The repeated gift stands in the log twice when it came before the first was settled.
    const again = mesh.valueOf('da_events_total', { outcome: 'duplicate' });
    expect([0, 1]).toContain(again);
    expect(mesh.valueOf('da_settle_lag_seconds_count')).toBe(13 + (again ?? NaN));
    expect(mesh.valueOf('da_settle_lag_seconds_bucket', { le: '10' })).toBe(13 + (again ?? NaN));
    expect(mesh.valueOf('interaction_gifts_total', { outcome: 'applied' })).toBe(12);
    expect(mesh.valueOf('station_events_total', { outcome: 'duplicate' })).toBe(1);
  });
});
