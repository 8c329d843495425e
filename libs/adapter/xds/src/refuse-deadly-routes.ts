/** Of a regular expression in a resource, what is looked at. */
interface Regex {
  readonly regex: string;
}

/** Of a route table as grpc-js-xds decodes it, what is looked at. */
export interface RouteTable {
  readonly virtual_hosts: readonly {
    readonly name: string;
    readonly routes: readonly {
      readonly name: string;
      readonly action?: string;
      readonly match?: object | null;
      readonly route?: {
        readonly hash_policy: readonly {
          readonly header?: { readonly regex_rewrite?: { readonly pattern?: Regex | null } | null } | null;
        }[];
      } | null;
    }[];
  }[];
}

/** What tries to make matchers, and throws for an expression that RE2 can't read. */
export interface Matchers {
  readonly ofMatch: (match: object) => unknown;
  readonly ofRegex: (regex: string) => unknown;
}

/**
 * What in a route table would end the process: grpc-js-xds 1.14 accepts it and meets it later, outside of any call, where an error is
 * nobody's to catch. It is a regular expression that RE2 can't read, and a route whose action is none.
 */
export function deadlyIn(table: RouteTable, { ofMatch, ofRegex }: Matchers): readonly string[] {
  const problems: string[] = [];
  for (const { name: host, routes } of table.virtual_hosts) {
    for (const { name, action, match, route } of routes) {
      const where = `virtual_hosts[${host}].routes[${name}]`;
      const attempt = (make: () => unknown): void => {
        try {
          make();
        } catch (error) {
          problems.push(`${where}: ${(error as Error).message}`);
        }
      };
      if (action !== 'route') problems.push(`${where}: unsupported action: ${action}`);
      if (match !== undefined && match !== null) attempt(() => ofMatch(match));
      for (const { header } of route?.hash_policy ?? []) {
        const pattern = header?.regex_rewrite?.pattern;
        if (pattern !== undefined && pattern !== null) attempt(() => ofRegex(pattern.regex));
      }
    }
  }
  return problems;
}

/** Has grpc-js-xds refuse (NACK) such tables, as it does others, and keep what it has. Changes its validator; once is enough. */
export async function refuseDeadlyRoutes(): Promise<void> {
  const { RouteConfigurationResourceType } =
    await import('@grpc/grpc-js-xds/build/src/xds-resource-type/route-config-resource-type.js');
  const { getPredicateForMatcher, getPredicateForStringMatcher } = await import('@grpc/grpc-js-xds/build/src/route.js');
  const matchers: Matchers = {
    ofMatch: (match) => getPredicateForMatcher(match as Parameters<typeof getPredicateForMatcher>[0]),
    ofRegex: (regex) =>
      getPredicateForStringMatcher({
        match_pattern: 'safe_regex',
        safe_regex: { regex },
        ignore_case: false,
      }),
  };
  const type = RouteConfigurationResourceType.get();
  const validate = type.validateResource.bind(type);
  type.validateResource = (table) => {
    const result = validate(table);
    const deadly = deadlyIn(table, matchers);
    return !result.valid || deadly.length === 0 ? result : { valid: false, errors: [...deadly] };
  };
}
