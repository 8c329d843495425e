import { runProcess } from '@giftmesh/adapter-process';
import { traceMixin } from '@giftmesh/mesh-telemetry';
import { compose } from './compose';
import { settings } from './settings';

void runProcess({ name: 'interaction', settings, logFields: traceMixin(), start: compose }).then((code) =>
  process.exit(code),
);
