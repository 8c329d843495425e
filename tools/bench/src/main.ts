import { runBench } from './run-bench';

void runBench(process.argv.slice(2), { out: (text) => console.log(text), err: (line) => console.error(line) }).then(
  (code) => {
    process.exitCode = code;
  },
);
