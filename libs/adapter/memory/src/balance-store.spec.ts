import { balanceStoreContract } from '@giftmesh/domain-money/testing';
import { MemoryBalanceStore } from './balance-store';

balanceStoreContract('MemoryBalanceStore', async (limits) => new MemoryBalanceStore(limits));
