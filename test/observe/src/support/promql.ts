import { parser } from '@prometheus-io/lezer-promql';

/** Without the package's own types, of which a second version may be around. */
type Node = ReturnType<typeof parser.parse>['topNode'];

/** How a label is compared: `service=~"a|b"`. */
export interface Matcher {
  readonly label: string;
  readonly op: '=' | '!=' | '=~' | '!~';
  readonly value: string;
}

/** A metric that is asked for, and of which series. */
export interface Selector {
  readonly metric: string;
  readonly matchers: readonly Matcher[];
}

/** Labels that something is put together by, and what it is put together from. */
export interface Grouping {
  readonly labels: readonly string[];
  readonly of: Query;
}

/** A parsed query, or a part of one. */
export interface Query {
  readonly text: string;
  readonly selectors: readonly Selector[];
  readonly groupings: readonly Grouping[];
  /** Labels of what comes out, given those of each metric. */
  readonly labels: (of: (metric: string) => readonly string[]) => ReadonlySet<string>;
}

/** Grafana's own words, as something that Prometheus can read. */
export function withoutVariables(expr: string): string {
  return expr.replaceAll('$__rate_interval', '1m').replaceAll('$service', '.*');
}

/** Reads PromQL. Throws SyntaxError with the place of the first mistake. */
export function parsePromql(text: string): Query {
  const tree = parser.parse(text);
  tree.iterate({
    enter: (node) => {
      if (node.type.isError)
        throw new SyntaxError(
          `PromQL, at character ${node.from + 1}: ${text.slice(0, node.from)}⟨here⟩${text.slice(node.from)}`,
        );
    },
  });
  return queryOf(tree.topNode, text);
}

function queryOf(node: Node, text: string): Query {
  const selectors = nodes(node, 'VectorSelector').map((each) => selectorOf(each, text));
  if (selectors.some(({ metric }) => metric === ''))
    throw new SyntaxError(`PromQL, a selector without a metric: ${text}`);
  const groupings = nodes(node, 'AggregateExpr').flatMap((each): Grouping[] => {
    const labels = groupedBy(each, text);
    const body = each.getChild('FunctionCallBody');
    return labels === undefined || body === null ? [] : [{ labels, of: queryOf(body, text) }];
  });
  return {
    text: text.slice(node.from, node.to),
    selectors,
    groupings,
    labels: (of) => labelsOf(node, text, of),
  };
}

function labelsOf(node: Node, text: string, of: (metric: string) => readonly string[]): ReadonlySet<string> {
  if (node.name === 'VectorSelector') return new Set(of(selectorOf(node, text).metric));
  if (node.name === 'AggregateExpr') {
    // Those that choose series keep their labels.
    const chooses = /^(topk|bottomk|limitk)\b/.test(text.slice(node.from, node.to));
    if (!chooses) return new Set(groupedBy(node, text) ?? []);
  }
  const labels = new Set<string>();
  for (const child of childrenOf(node)) for (const label of labelsOf(child, text, of)) labels.add(label);
  return labels;
}

/** The labels behind `by`; undefined where there is none. `without` is refused: what is left then is not told. */
function groupedBy(aggregate: Node, text: string): string[] | undefined {
  const modifier = aggregate.getChild('AggregateModifier');
  if (modifier === null) return undefined;
  if (modifier.getChild('Without') !== null) throw new SyntaxError(`PromQL, say by which labels: ${text}`);
  return nodes(modifier, 'LabelName').map((label) => text.slice(label.from, label.to));
}

function selectorOf(node: Node, text: string): Selector {
  const metric = node.getChild('Identifier');
  const matchers = nodes(node, 'UnquotedLabelMatcher').map((matcher): Matcher => {
    const part = (name: string): string => {
      const child = matcher.getChild(name);
      return child === null ? '' : text.slice(child.from, child.to);
    };
    const value = JSON.parse(part('StringLiteral')) as string;
    return { label: part('LabelName'), op: part('MatchOp') as Matcher['op'], value };
  });
  return { metric: metric === null ? '' : text.slice(metric.from, metric.to), matchers };
}

/** The node itself and all below it that have this name. */
function nodes(node: Node, name: string): Node[] {
  return [...(node.name === name ? [node] : []), ...childrenOf(node).flatMap((child) => nodes(child, name))];
}

function childrenOf(node: Node): Node[] {
  const children: Node[] = [];
  for (let child = node.firstChild; child !== null; child = child.nextSibling) children.push(child);
  return children;
}
