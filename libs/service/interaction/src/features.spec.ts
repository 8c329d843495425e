import { interaction } from '@giftmesh/contract';
import type { InteractionFeature } from './features';
import { DEFAULT_INTERACTION_OPTIONS } from './options';
import { newKit, ROOM, Tap, VIEWER, type Kit } from './test-kit/kit';

const board = (kit: Kit) =>
  kit.service.handlers.getLeaderboard({
    roomId: ROOM,
    kind: interaction.LeaderboardKind.VIEWERS,
    period: interaction.LeaderboardPeriod.TOTAL,
    limit: 10,
  });

/** A service that runs, and what of it is shed. */
async function running() {
  const shed = new Set<InteractionFeature>();
  const kit = newKit({}, { isShed: (feature) => shed.has(feature) });
  await kit.service.start();
  const send = async (): Promise<void> => {
    await kit.service.handlers.sendGift(kit.gift());
  };
  return { kit, shed, send };
}

describe('what is shed', () => {
  it('rankings are shown as they were, or read when they never were', async () => {
    const { kit, shed, send } = await running();
    shed.add('rankings');
    expect((await board(kit)).entries).toEqual([]);
    await send();
    await kit.pass(1_000);
    expect((await board(kit)).entries).toEqual([]);
    shed.clear();
    expect((await board(kit)).entries).toHaveLength(1);
    await kit.service.close();
  });

  it('rankings are shown as they were when they cannot be read', async () => {
    const { kit, send } = await running();
    await send();
    await kit.pass(1_000);
    const before = await board(kit);
    kit.activity.leaderboard = () => Promise.reject(new Error('disk'));
    expect(await board(kit)).toEqual(before);
    await kit.pass(DEFAULT_INTERACTION_OPTIONS.rankingStaleMs + 1);
    await expect(board(kit)).rejects.toMatchObject({ reason: 'ACTIVITY_AWAY' });
    await kit.service.close();
  });

  it('points are written later, and none is lost', async () => {
    const { kit, shed, send } = await running();
    shed.add('points');
    await send();
    await kit.pass(500);
    expect((await board(kit)).entries).toEqual([]);
    await kit.pass(2_500);
    expect((await board(kit)).entries).toHaveLength(1);
    await kit.service.close();
  });

  it('rooms are shown less often, and nothing that was sent goes unpaid', async () => {
    const { kit, shed, send } = await running();
    const answers = kit.service.handlers.watchRoom({ roomId: ROOM, resumeToken: '' });
    const tap = new Tap(answers as AsyncIterableIterator<interaction.WatchRoomResponse>);
    await kit.pass(10);
    await send();
    await kit.pass(150);
    const shown = tap.seen.length;
    expect(shown).toBeGreaterThan(0);
    shed.add('push');
    await send();
    await kit.pass(500);
    expect(tap.seen.filter(({ event }) => event?.$case === 'gift')).toHaveLength(1);
    await kit.pass(1_500);
    expect(tap.seen.filter(({ event }) => event?.$case === 'gift')).toHaveLength(2);
    expect(kit.station.balances.get(VIEWER)).toBe(999_998n);
    await kit.service.close();
  });
});
