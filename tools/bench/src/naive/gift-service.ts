// The gift service that a team would write first: NestJS's gRPC microservice, its proto read at start, mysql2, a transaction a gift.
import { Controller, Inject, Injectable, Module, type DynamicModule } from '@nestjs/common';
import { GrpcMethod, RpcException } from '@nestjs/microservices';
import { status } from '@grpc/grpc-js';
import { seededCatalogue, seededRooms } from '@giftmesh/domain-gifts';
import { InsufficientBalanceError, NaiveLedger } from './naive-ledger';

/** As the loader of protos makes it, with int64 as text. */
interface SendGiftRequest {
  readonly eventId: string;
  readonly viewerId: string;
  readonly roomId: string;
  readonly giftId: number;
  readonly count: number;
  readonly recipientIds: readonly string[];
}

interface SendGiftResponse {
  readonly eventId: string;
  readonly balance: string;
  readonly coins: string;
  readonly comboCount: number;
  readonly duplicate: boolean;
}

/** Pays gifts. */
@Injectable()
export class GiftService {
  readonly #gifts = seededCatalogue();
  readonly #rooms = seededRooms();

  constructor(@Inject(NaiveLedger) private readonly ledger: NaiveLedger) {}

  /** One gift to one streamer. Rejects with RpcException. */
  async give(request: SendGiftRequest): Promise<SendGiftResponse> {
    const room = this.#rooms.find(BigInt(request.roomId));
    const gift = this.#gifts.find(request.giftId);
    if (room === undefined || gift === undefined)
      throw new RpcException({ code: status.NOT_FOUND, message: 'no such room or gift' });
    const coins = gift.price * BigInt(request.count);
    try {
      const balance = await this.ledger.give({
        eventId: request.eventId,
        opUserId: BigInt(request.viewerId),
        streamerId: BigInt(request.recipientIds[0] ?? room.hostId),
        incr: coins,
        roomId: room.roomId,
        objId: String(gift.giftId),
      });
      const { eventId } = request;
      return { eventId, balance: String(balance), coins: String(coins), comboCount: 0, duplicate: false };
    } catch (error) {
      if (!(error instanceof InsufficientBalanceError)) throw error;
      throw new RpcException({ code: status.FAILED_PRECONDITION, message: error.message });
    }
  }
}

/** InteractionService, as far as this goes. */
@Controller()
export class GiftController {
  constructor(@Inject(GiftService) private readonly gifts: GiftService) {}

  @GrpcMethod('InteractionService', 'SendGift')
  sendGift(request: SendGiftRequest): Promise<SendGiftResponse> {
    return this.gifts.give(request);
  }
}

/** The service. */
@Module({})
export class GiftModule {
  /** With the ledger that it writes. */
  static on(ledger: NaiveLedger): DynamicModule {
    const providers = [GiftService, { provide: NaiveLedger, useValue: ledger }];
    return { module: GiftModule, controllers: [GiftController], providers };
  }
}
