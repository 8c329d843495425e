import type { ClientReadableStream } from '@grpc/grpc-js';
import type { interaction } from '@giftmesh/contract';
import type { MeshClients } from '@giftmesh/test-harness';

/** Watches a room over many lives of the process, going on with the token of the last message, and adds up what was shown. */
export class RoomWatch {
  #token = '';
  #stream: ClientReadableStream<interaction.WatchRoomResponse> | undefined;
  /** Coins shown, those of messages left out included. */
  coins = 0n;
  messages = 0;
  /** Times that a token could not be followed. */
  resyncs = 0;

  constructor(readonly roomId: bigint) {}

  /** Watches on at a process that serves. */
  start(mesh: MeshClients): void {
    const stream = mesh.interaction.client.watchRoom({ roomId: this.roomId, resumeToken: this.#token });
    this.#stream = stream;
    stream.on('data', (message: interaction.WatchRoomResponse) => this.#onMessage(message));
    // The process goes away: the next one is asked to go on.
    stream.on('error', () => undefined);
  }

  stop(): void {
    this.#stream?.cancel();
    this.#stream = undefined;
  }

  #onMessage({ resumeToken, event }: interaction.WatchRoomResponse): void {
    this.#token = resumeToken;
    this.messages += 1;
    if (event?.$case === 'gift') this.coins += event.value.coins;
    if (event?.$case === 'missed') {
      this.coins += event.value.coins;
      if (event.value.resync) this.resyncs += 1;
    }
  }
}
