import { balanceSuite } from '../mesh/suites/balance';
import { overheadSuite } from '../mesh/suites/overhead';
import { overloadSuite } from '../mesh/suites/overload';
import { retryStormSuite } from '../mesh/suites/retry-storm';
import { subsequentSuite } from '../mesh/suites/subsequent';
import { giftsSuite } from './gifts';
import { hotStreamerSuite } from './hot-streamer';
import { idleSuite } from './idle';
import { ledgerSuite } from './ledger';
import { soakSuite } from './soak';
import { storeSuite } from './store';
import type { Suite } from './suite';

/** All suites, in the order of the help text. */
export const SUITES: readonly Suite[] = [
  giftsSuite,
  soakSuite,
  idleSuite,
  ledgerSuite,
  hotStreamerSuite,
  storeSuite,
  overheadSuite,
  overloadSuite,
  subsequentSuite,
  retryStormSuite,
  balanceSuite,
];
