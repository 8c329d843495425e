import { execFile, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Harness, repositoryRoot, type RunningMesh } from '@giftmesh/test-harness';

const GRPCURL = 'github.com/fullstorydev/grpcurl/cmd/grpcurl@v1.9.3';
const folder = join(repositoryRoot(), 'tmp/tools');
const hasGo = spawnSync('go', ['version']).status === 0;

/** grpcurl from the PATH, or built by Go into tmp/tools; undefined where neither is there. */
function grpcurl(): string | undefined {
  if (spawnSync('grpcurl', ['-version']).status === 0) return 'grpcurl';
  const built = join(folder, 'grpcurl');
  if (existsSync(built)) return built;
  if (!hasGo) return undefined;
  mkdirSync(folder, { recursive: true });
  const install = spawnSync('go', ['install', GRPCURL], {
    env: { ...process.env, GOBIN: folder, GOFLAGS: '-mod=mod' },
    encoding: 'utf8',
    timeout: 240_000,
  });
  if (install.status === 0) return built;
  process.stderr.write(`grpcurl could not be built: ${install.stderr}\n`);
  return undefined;
}

const program = grpcurl();
if (program === undefined) process.stderr.write('SKIPPED: no grpcurl, and no Go to build it\n');

(program === undefined ? describe.skip : describe)('grpcurl', () => {
  const harness = new Harness();
  let mesh: RunningMesh;
  const grpcurlRun = async (...args: string[]): Promise<string> =>
    (await promisify(execFile)(program ?? '', ['-plaintext', ...args], { timeout: 30_000 })).stdout;

  beforeAll(async () => {
    mesh = await harness.startMesh();
  }, 30_000);
  afterAll(() => harness.close());

  it('lists and describes every service', async () => {
    for (const [address, service] of [
      [mesh.addresses.interaction, 'giftmesh.interaction.v1.InteractionService'],
      [mesh.addresses.station, 'giftmesh.payment.station.v1.PaymentStationService'],
      [mesh.addresses.da, 'giftmesh.payment.da.v1.PaymentDaService'],
    ] as const) {
      expect((await grpcurlRun(address, 'list')).split('\n')).toContain(service);
      const described = await grpcurlRun(address, 'describe', service);
      expect(described).toContain(`${service} is a service`);
      expect(described).toContain('giftmesh.mesh.v1.policy');
    }
  });

  it('describes messages with maps, enums and well-known types', async () => {
    const { interaction, station } = mesh.addresses;
    expect(await grpcurlRun(interaction, 'describe', 'grpc.health.v1.HealthListResponse')).toContain('map<string,');
    expect(await grpcurlRun(interaction, 'describe', 'giftmesh.interaction.v1.WatchRoomResponse')).toContain(
      'google.protobuf.Timestamp',
    );
    expect(await grpcurlRun(station, 'describe', 'giftmesh.common.v1.EventOutcome')).toContain(
      'EVENT_OUTCOME_INSUFFICIENT_BALANCE',
    );
  });

  it('calls them, health included', async () => {
    const { interaction } = mesh.addresses;
    expect(await grpcurlRun(interaction, 'grpc.health.v1.Health/Check')).toContain('SERVING');
    const entered = await grpcurlRun(
      '-d',
      '{"room_id": 1, "viewer_id": 42}',
      interaction,
      'giftmesh.interaction.v1.InteractionService/EnterRoom',
    );
    expect(entered).toContain('"hostId": "9000001"');
  });
});
