import type { interaction } from '@giftmesh/contract';
import { readStream, type MeshClients } from '@giftmesh/test-harness';

/** Sends messages of gifts over one StreamGifts call, half-closes, and returns all answers; rejects when the stream fails. */
export async function sendStreamed(
  mesh: Pick<MeshClients, 'interaction'>,
  messages: readonly (readonly interaction.SendGiftRequest[])[],
): Promise<interaction.GiftResult[]> {
  const stream = mesh.interaction.client.streamGifts();
  const results: interaction.GiftResult[] = [];
  const read = readStream(stream, (message) => results.push(...message.results));
  for (const gifts of messages) stream.write({ gifts: [...gifts] });
  stream.end();
  const end = await read;
  if (end.kind === 'failed') throw end.error;
  if (end.kind !== 'ended') throw new Error(`the stream was ${end.kind}`);
  return results;
}
