import { runProcess } from '@giftmesh/adapter-process';
import { compose } from './compose';
import { settings } from './settings';

void runProcess({ name: 'payment-station', settings, start: compose }).then((code) => process.exit(code));
