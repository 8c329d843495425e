export { assetToProto, countersFromProto, countersToProto } from './counters';
export { assetTypes, bizTypes, eventTypes, outcomes } from './enums';
export { eventFromProto, eventToProto } from './event';
export { markerFromProto, markerToProto } from './marker';
export { moneyLogCodec } from './money-log';
export { orderFromProto, reversalFromProto } from './order';
export { recordToProto } from './record';
export { settledNoticeCodec } from './settled-notice';
export { WireError } from './wire-error';
