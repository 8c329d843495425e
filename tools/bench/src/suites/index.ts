import { giftsSuite } from './gifts';
import { idleSuite } from './idle';
import { soakSuite } from './soak';
import type { Suite } from './suite';

/** All suites, in the order of the help text. */
export const SUITES: readonly Suite[] = [giftsSuite, soakSuite, idleSuite];
