// Lints texts as if they stood in the given files, with the workspace's real configuration: reads a JSON array of
// {file, text} from stdin, prints for each an array of {rule, message}. Nothing is written to the files. A process of its
// own because ESLint's configuration is an ES module, which jest can't load.
import { ESLint } from 'eslint';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

const cwd = fileURLToPath(new URL('../..', import.meta.url));
const eslint = new ESLint({ cwd });
const found = [];
for (const planted of JSON.parse(await text(process.stdin))) {
  const [result] = await eslint.lintText(planted.text, { filePath: planted.file, warnIgnored: true });
  found.push(result.messages.map(({ ruleId, message }) => ({ rule: ruleId, message })));
}
process.stdout.write(JSON.stringify(found));
