const EXPORTED =
  /^export (?:declare )?(?:abstract )?(?:async )?(?:class|function\*?|const enum|const|let|interface|type|enum|namespace) (\w+)/;

/**
 * Names that a TypeScript source exports where they are declared, without a docblock. It stands right before (decorators
 * and directives to the linter may come between), or, where the parts say all there is to say, on the first member of an
 * interface or a union. Names declared twice (overloads, a type and its companion) need one. `DEFAULT_*` values mean what
 * their type says. Lists (`export { a }`) are not looked at: the declaration is.
 */
export function undocumentedExports(source: string): string[] {
  const lines = source.split('\n');
  const documented = new Set<string>();
  const exported = new Set<string>();
  lines.forEach((line, index) => {
    const name = EXPORTED.exec(line)?.[1];
    if (name === undefined || name.startsWith('DEFAULT_')) return;
    exported.add(name);
    let before = index - 1;
    while (/^(@|\/\/ eslint-)/.test(lines[before] ?? '')) before -= 1;
    if (lines[before]?.trimEnd().endsWith('*/') || lines[index + 1]?.trimStart().startsWith('/**'))
      documented.add(name);
  });
  return [...exported].filter((name) => !documented.has(name));
}
