import fc from 'fast-check';
import { common, type interaction } from '@giftmesh/contract';
import { seededCatalogue, seededRooms } from '@giftmesh/domain-gifts';
import { seededRandom } from '@giftmesh/kernel-random';
import { castOf, drawGift, EPOCHS_PER_FOLDER, expectedEvent, roomIdsOf } from './cast';
