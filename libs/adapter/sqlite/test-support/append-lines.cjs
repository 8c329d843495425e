// Appends numbers to a log until it is killed, and says which are durable: append-lines.cjs <file> <writer> [count]
const { systemClock } = require('@giftmesh/kernel-time');
const { SqliteEventLog } = require('../src/event-log.ts');
const { sourceThread, textCodec } = require('../src/event-log-test-kit.ts');

const [path, writer, count = 'Infinity'] = process.argv.slice(2);
const log = new SqliteEventLog({
  path,
  writer,
  codec: textCodec,
  partitionCount: 3,
  clock: systemClock,
  threadFile: sourceThread('event-log-thread.ts'),
});

async function run() {
  for (let number = 0; number < Number(count); number += 1) {
    await log.append([{ partition: number % 3, value: `${number}` }]);
    process.stdout.write(`${number}\n`);
  }
}
// Not closed: an idle log must not keep the process.
void run();
