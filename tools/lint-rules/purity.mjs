// Rule settings that keep the process's own time, randomness and environment out of code that is given a Clock and a
// Random: what decides must be replayable from (state, time, numbers).

const TIME = 'Time is passed in: take a Clock (@giftmesh/kernel-time).';
const RANDOM = 'Randomness is passed in: take a Random (@giftmesh/kernel-random).';
const PROCESS = 'Only apps and tools look at the process; pass in what is needed.';

const timeAndRandomness = {
  'no-restricted-properties': [
    'error',
    { object: 'Date', property: 'now', message: TIME },
    { object: 'performance', property: 'now', message: TIME },
    { object: 'AbortSignal', property: 'timeout', message: TIME },
    { object: 'Math', property: 'random', message: RANDOM },
    { object: 'crypto', property: 'randomUUID', message: RANDOM },
    { object: 'crypto', property: 'getRandomValues', message: RANDOM },
  ],
  'no-restricted-syntax': [
    'error',
    { selector: "NewExpression[callee.name='Date'][arguments.length=0]", message: TIME },
    { selector: "CallExpression[callee.name='Date']", message: TIME },
  ],
};
const timers = ['setTimeout', 'setInterval'].map((name) => ({ name, message: TIME }));

/** No clock, timer or randomness of its own; `node:*` modules and setImmediate are fine. */
export const timeIsGiven = {
  ...timeAndRandomness,
  'no-restricted-globals': ['error', ...timers],
};

/** As above, and nothing of the process or of Node either. */
export const pure = {
  ...timeAndRandomness,
  'no-restricted-globals': [
    'error',
    ...timers,
    { name: 'setImmediate', message: TIME },
    { name: 'performance', message: TIME },
    { name: 'process', message: PROCESS },
    { name: 'require', message: PROCESS },
  ],
  'no-restricted-imports': [
    'error',
    {
      patterns: [
        {
          regex:
            '^(node:|(fs|os|net|http|https|http2|crypto|child_process|timers|perf_hooks|worker_threads|process)(/|$))',
          message: 'This layer does no I/O and knows nothing of Node.',
        },
      ],
    },
  ],
};
