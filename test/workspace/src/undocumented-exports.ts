const EXPORTED =
  /^export (?:declare )?(?:abstract )?(?:async )?(?:class|function\*?|const enum|const|let|interface|type|enum|namespace) (\w+)/;
const DERIVED_TYPE = /^export type \w+ = .*\btypeof \w+/;

/**
 * Names that a TypeScript source exports where they are declared, without a docblock. It stands right before (decorators
 * and directives to the linter may come between), or on a member of an interface or union, where the parts say all there
 * is to say. Names declared twice (overloads, a type and its companion) need one. `DEFAULT_*` values mean what their type
 * says, and types derived by `typeof` what their value says. Lists (`export { a }`) are not looked at: the declaration is.
 */
export function undocumentedExports(source: string): string[] {
  const lines = source.split('\n');
  const documented = new Set<string>();
  const exported = new Set<string>();
  lines.forEach((line, index) => {
    const name = EXPORTED.exec(line)?.[1];
    if (name === undefined || name.startsWith('DEFAULT_') || DERIVED_TYPE.test(line)) return;
    exported.add(name);
    if (hasDocblockBefore(lines, index) || hasDocumentedMember(lines, index)) documented.add(name);
  });
  return [...exported].filter((name) => !documented.has(name));
}

function hasDocblockBefore(lines: readonly string[], index: number): boolean {
  let before = index - 1;
  while (/^(@|\/\/ eslint-)/.test(lines[before] ?? '')) before -= 1;
  return lines[before]?.trimEnd().endsWith('*/') ?? false;
}

function hasDocumentedMember(lines: readonly string[], index: number): boolean {
  if (!/^export (interface|type|enum|const enum) /.test(lines[index] ?? '')) return false;
  for (let inside = index + 1; /^\s/.test(lines[inside] ?? ''); inside += 1)
    if (lines[inside]?.trimStart().startsWith('/**')) return true;
  return false;
}
