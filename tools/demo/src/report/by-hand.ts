import { seededCatalogue, type Room } from '@giftmesh/domain-gifts';
import type { Paint } from '@giftmesh/tool-operator';
import type { MeshProcess } from '../mesh-process';

/** A viewer with coins whose gifts are yours. */
export const YOU = { viewerId: 42n, coins: 10_000n } as const;
const PRICE = 520n;
const SEND_GIFT = 'giftmesh.interaction.v1.InteractionService/SendGift';
const WATCH_ROOM = 'giftmesh.interaction.v1.InteractionService/WatchRoom';

/** How to send a gift with other people's tools, ready to be pasted. */
export function byHandText(
  mesh: Pick<MeshProcess, 'addresses' | 'dataDir'>,
  room: Room,
  newEventId: () => string,
  paint: Paint,
): string {
  const { gifts } = seededCatalogue();
  const gift = gifts.find(({ price }) => price === PRICE) ?? gifts[0];
  if (gift === undefined) throw new RangeError('there are no gifts');
  const { interaction, station } = mesh.addresses;
  const request = (eventId: string): string =>
    JSON.stringify({
      event_id: eventId,
      viewer_id: String(YOU.viewerId),
      room_id: String(room.roomId),
      gift_id: gift.giftId,
      count: 1,
    });
  const watch = JSON.stringify({ room_id: String(room.roomId) });
  return `${paint.bold('Now you.')} The mesh goes on serving. You are viewer ${YOU.viewerId} and have ${YOU.coins.toLocaleString('en-US')} coins;
one ${gift.name} costs ${gift.price} and goes to ${room.title}'s host. Paste this into another terminal:

grpcurl -plaintext -d '${request(newEventId())}' ${interaction} ${SEND_GIFT}

or, with what npm has installed here, in the folder of the checkout:

npx buf curl --protocol grpc --http2-prior-knowledge -d '${request(newEventId())}' http://${interaction}/${SEND_GIFT}

The same command once more gets the same answer and costs nothing: its event_id is known. Another gift needs another id
(npx uuid v7). Watch the room, and check the books:

grpcurl -plaintext -d '${watch}' ${interaction} ${WATCH_ROOM}
npm run reconcile -- --data ${mesh.dataDir} --station ${station}

${paint.dim('Ctrl+C ends the mesh and removes its data.')}`;
}
