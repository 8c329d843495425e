'use strict';
/**
 * Loaded into a process before everything else (`node --require`): its wall clock is ahead by the milliseconds that the file JUMPING_CLOCK_FILE
 * says, looked at again and again. Timers and the monotonic clock go on as they did, as they do when somebody sets a machine's time.
 */
const { readFileSync } = require('node:fs');
const { setInterval } = require('node:timers');

const LOOK_EVERY_MS = 20;
const path = process.env.JUMPING_CLOCK_FILE;
const realNow = Date.now;
let aheadMs = 0;

function look() {
  try {
    aheadMs = Number(readFileSync(path, 'utf8')) || 0;
  } catch {
    aheadMs = 0;
  }
}

if (path) {
  Date.now = () => realNow() + aheadMs;
  globalThis.Date = new Proxy(Date, {
    construct: (target, args, newTarget) =>
      Reflect.construct(target, args.length === 0 ? [target.now()] : args, newTarget),
    apply: (target) => new target(target.now()).toString(),
  });
  look();
  setInterval(look, LOOK_EVERY_MS).unref();
}
