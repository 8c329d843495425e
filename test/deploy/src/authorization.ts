import { at, labelsAt, listAt, selects, type Fields, type Labels, type Manifest } from './manifest';

/** A call as Istio's authorization sees it. */
export interface AskedCall {
  /** Labels of the pod that is called. */
  readonly labels: Labels;
  /** The caller's service account, in the same namespace. */
  readonly from: string;
  readonly path: string;
}

/** Whether a call may be made, by the rules of Istio: nothing that a DENY rule meets, and then only what an ALLOW rule meets. */
export function isAllowed(policies: readonly Manifest[], call: AskedCall): boolean {
  const mine = policies.filter(({ spec }) => selects(labelsAt(spec, 'selector', 'matchLabels'), call.labels));
  const meets = (policy: Manifest): boolean => listAt(policy, 'spec', 'rules').some((rule) => ruleMeets(rule, call));
  const isDeny = (policy: Manifest): boolean => at(policy, 'spec', 'action') === 'DENY';
  if (mine.filter(isDeny).some(meets)) return false;
  const allows = mine.filter((policy) => !isDeny(policy));
  return allows.length === 0 || allows.some(meets);
}

const KNOWN_SOURCES = ['serviceAccounts', 'notServiceAccounts'];
const KNOWN_OPERATIONS = ['methods', 'paths'];

function ruleMeets(rule: Fields, { from, path }: AskedCall): boolean {
  const sources = listAt(rule, 'from').map(({ source }) => onlyKnown(source as Fields, KNOWN_SOURCES));
  const operations = listAt(rule, 'to').map(({ operation }) => onlyKnown(operation as Fields, KNOWN_OPERATIONS));
  const isFrom = ({ serviceAccounts, notServiceAccounts }: Fields): boolean =>
    (serviceAccounts as string[] | undefined)?.includes(from) !== false &&
    (notServiceAccounts as string[] | undefined)?.includes(from) !== true;
  const isTo = ({ methods, paths }: Fields): boolean =>
    (methods as string[] | undefined)?.includes('POST') !== false &&
    (paths as string[] | undefined)?.some((one) =>
      one.endsWith('*') ? path.startsWith(one.slice(0, -1)) : path === one,
    ) !== false;
  return (sources.length === 0 || sources.some(isFrom)) && (operations.length === 0 || operations.some(isTo));
}

/** What is not understood here must not pass for allowed or denied. */
function onlyKnown(fields: Fields, known: readonly string[]): Fields {
  const unknown = Object.keys(fields).filter((name) => !known.includes(name));
  if (unknown.length > 0) throw new Error(`authorization by ${unknown.join(', ')} is not understood here`);
  return fields;
}
