import type { ClientDuplexStream, ServiceError } from '@grpc/grpc-js';
import type { interaction } from '@giftmesh/contract';
import { CallError, type MeshClients } from '@giftmesh/test-harness';
import { answerOfError, answerOfOk, type Answer } from './answers';
import type { Asked, AskedGift } from './asked';

/** Gifts without an answer on one stream; nothing is sent beyond. */
export const STREAM_IN_FLIGHT_MAX = 256;

/** A client's StreamGifts, for the life of one process. */
export class GiftStream {
  readonly #stream: ClientDuplexStream<interaction.StreamGiftsRequest, interaction.StreamGiftsResponse>;
  /** By event_id: answers of one stream are told apart by it alone, so two contents of an id are not sent at once. */
  readonly #inFlight = new Map<string, { readonly gift: AskedGift; count: number }>();
  #unanswered = 0;
  #open = true;
  /** How the stream ended: undefined for OK. */
  readonly ended: Promise<CallError | undefined>;

  constructor(
    mesh: MeshClients,
    private readonly asked: Asked,
    private readonly onAnswer: (answer: Answer) => void,
  ) {
    this.#stream = mesh.interaction.client.streamGifts();
    this.#stream.on('data', ({ results }: interaction.StreamGiftsResponse) => {
      for (const result of results) this.#onResult(result);
    });
    this.ended = new Promise((resolve) => {
      this.#stream.on('error', (error: Error) => this.#end(() => resolve(new CallError(error as ServiceError))));
      this.#stream.on('end', () => this.#end(() => resolve(undefined)));
    });
  }

  get open(): boolean {
    return this.#open;
  }

  /** How many gifts may be sent now. */
  get room(): number {
    return this.#open ? STREAM_IN_FLIGHT_MAX - this.#unanswered : 0;
  }

  get unanswered(): number {
    return this.#unanswered;
  }

  /** Sends those gifts of a list that can be told apart on this stream, in one message. */
  send(gifts: readonly AskedGift[]): void {
    const sent: interaction.SendGiftRequest[] = [];
    for (const gift of gifts) {
      const before = this.#inFlight.get(gift.request.eventId);
      if (before !== undefined && before.gift !== gift) continue;
      if (before === undefined) this.#inFlight.set(gift.request.eventId, { gift, count: 1 });
      else before.count += 1;
      gift.inFlight += 1;
      this.#unanswered += 1;
      sent.push(gift.request);
    }
    if (sent.length > 0 && this.#open) this.#stream.write({ gifts: sent });
  }

  /** No more gifts; what is under way is still answered. */
  finish(): void {
    if (this.#open) this.#stream.end();
  }

  cancel(): void {
    this.#stream.cancel();
  }

  #onResult({ eventId, result }: interaction.GiftResult): void {
    const entry = this.#inFlight.get(eventId);
    if (entry === undefined) return this.asked.problem(`the stream answered ${eventId}, which it was not asked for`);
    entry.count -= 1;
    if (entry.count === 0) this.#inFlight.delete(eventId);
    this.#unanswered -= 1;
    const { gift } = entry;
    gift.inFlight -= 1;
    const answer: Answer =
      result === undefined
        ? { kind: 'wrong', problem: `the stream's answer for ${eventId} is empty` }
        : result.$case === 'ok'
          ? answerOfOk(eventId, gift.coins, result.value)
          : answerOfError(eventId, result.value);
    this.asked.giftAnswered(gift, answer);
    this.onAnswer(answer);
  }

  #end(resolve: () => void): void {
    if (!this.#open) return;
    this.#open = false;
    for (const { gift, count } of this.#inFlight.values()) gift.inFlight -= count;
    this.#inFlight.clear();
    this.#unanswered = 0;
    resolve();
  }
}
