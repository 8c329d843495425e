// The writer's thread, which dies when it is asked to append a text with "die" in it.
const { parentPort } = require('node:worker_threads');

parentPort.on('message', ({ batches = [] }) => {
  if (batches.some(({ payload }) => Buffer.from(payload).includes('die'))) process.exit(1);
});
require('../src/event-log-thread.ts');
