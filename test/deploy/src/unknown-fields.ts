import ts from 'typescript';

/** A field of a literal that its type does not have. */
export interface UnknownField {
  readonly start: number;
  readonly name: string;
}

/**
 * Fields of object literals that no part of their type has. The compiler's own check of literals gives up inside of intersections and unions, of which the
 * models of Istio have many (one of several fields); a field is known here when any part of the type knows it.
 */
export function unknownFields(checker: ts.TypeChecker, source: ts.SourceFile): readonly UnknownField[] {
  const found: UnknownField[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isObjectLiteralExpression(node)) {
      const type = checker.getContextualType(node);
      const parts = type === undefined ? [] : partsOf(type);
      for (const property of node.properties) {
        if (property.name === undefined || !ts.isStringLiteral(property.name)) continue;
        const name = property.name.text;
        if (!parts.some((part) => takes(checker, part, name))) found.push({ start: property.getStart(source), name });
      }
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

function partsOf(type: ts.Type): readonly ts.Type[] {
  return type.isUnionOrIntersection() ? type.types.flatMap(partsOf) : [type];
}

function takes(checker: ts.TypeChecker, type: ts.Type, name: string): boolean {
  if ((type.flags & ts.TypeFlags.Any) !== 0) return true;
  return (
    checker.getPropertyOfType(type, name) !== undefined ||
    checker.getIndexInfoOfType(type, ts.IndexKind.String) !== undefined
  );
}
