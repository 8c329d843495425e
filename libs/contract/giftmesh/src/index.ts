/** Types and gRPC service definitions of all contracts, a namespace a proto package, and their descriptors. */
export * as common from './generated/giftmesh/common/v1/assets';
export * as commonErrors from './generated/giftmesh/common/v1/errors';
export * as interaction from './generated/giftmesh/interaction/v1/interaction';
export * as da from './generated/giftmesh/payment/da/v1/payment_da';
export * as daLog from './generated/giftmesh/payment/da/v1/log';
export * as station from './generated/giftmesh/payment/station/v1/payment_station';
export { contractDescriptors } from './descriptors';
