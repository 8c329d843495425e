// Reads a JSON array of {module, kind, name, manifest} and prints a JSON array of what the models' own validators have against them. A program of its own,
// since the models are ES modules.
let input = '';
for await (const chunk of process.stdin) input += chunk;
const problems = [];
for (const { module, kind, name, manifest } of JSON.parse(input)) {
  const { [kind]: Model } = await import(module);
  if (Model === undefined) {
    problems.push(`${name}: ${module} has no ${kind}`);
    continue;
  }
  try {
    new Model(manifest).validate();
  } catch (error) {
    problems.push(`${name}: ${error.message}`);
  }
}
process.stdout.write(JSON.stringify(problems));
