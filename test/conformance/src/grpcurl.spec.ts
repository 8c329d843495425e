import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Harness, repositoryRoot, useMesh } from '@giftmesh/test-harness';
import { BUILD_LIMIT_MS, grpcurlProgram } from './grpcurl-program';

describe('grpcurl', () => {
  const mesh = useMesh();
  let program: string;
  const grpcurlRun = async (...args: string[]): Promise<string> =>
    (await promisify(execFile)(program, ['-plaintext', ...args], { timeout: 30_000 })).stdout;

  beforeAll(() => {
    program = grpcurlProgram(join(repositoryRoot(), 'tmp/tools'));
  }, BUILD_LIMIT_MS + 10_000);

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

describe('without grpcurl', () => {
  const harness = new Harness();
  afterAll(() => harness.close());

  it('the tests fail, and say what to install', () => {
    const empty = harness.folder();
    expect(() => grpcurlProgram(empty, { PATH: empty })).toThrow(/no Go\. Install Go .*or put grpcurl on the PATH/);
  });

  it('the tests fail when Go cannot build it, and say why', () => {
    const folder = harness.folder();
    const go = join(folder, 'go');
    writeFileSync(go, '#!/bin/sh\n[ "$1" = version ] || { echo "no route to proxy" >&2; exit 1; }\n', { mode: 0o755 });
    expect(() => grpcurlProgram(folder, { PATH: folder })).toThrow(/could not build it: no route to proxy\nInstall Go/);
  });
});
