export { ledgerContract, type LedgerUnderTest, type MakeLedger } from './ledger-contract';
export type { DroppedLetter } from './memory-dead-letters';
export { MemoryLedger, type LedgerSnapshot } from './memory-ledger';
export {
  applyAtEnd,
  eventEntry,
  fenceEntry,
  SAMPLE_START_MS,
  sampleDecided,
  sampleId,
  sampleOrder,
  sliceAtEnd,
  type SampleEvent,
} from './ledger-samples';
export { ledgerAuditContract, type AuditedLedgers } from './ledger-audit-contract';
export type { DamageValue } from './ledger-audit-damages';
export { ALICE, BOB, fillBooks, GIFT, giftEntry, STAR } from './ledger-audit-books';
export { MemoryEventLog, type MemoryEventLogOptions } from './memory-event-log';
export { eventLogContract, type EventLogUnderTest, type MakeEventLog } from './event-log-contract';
export { balanceStoreContract, type BalanceStoreLimits, type MakeBalanceStore } from './balance-store-contract';
export {
  debitOne,
  decided,
  installNow,
  openShards,
  pendingOf,
  sampleCounters,
  sampleGift,
  sampleRequest,
  sampleUser,
  type SampleGift,
} from './balance-store-samples';
