import { deadlyIn, type RouteTable } from './refuse-deadly-routes';

const matchers = {
  ofMatch: (match: object) => {
    if ('bad' in match) throw new SyntaxError('bad match');
  },
  ofRegex: (regex: string) => {
    if (regex === '(') throw new SyntaxError('bad expression');
  },
};
type Route = RouteTable['virtual_hosts'][number]['routes'][number];
const tableOf = (...routes: Route[]): RouteTable => ({ virtual_hosts: [{ name: 'host', routes }] });
const GOOD: Route = { name: 'good', action: 'route', match: {}, route: { hash_policy: [{ header: null }] } };

describe('deadlyIn', () => {
  it('finds nothing in what can be used', () => {
    expect(deadlyIn(tableOf(GOOD, GOOD), matchers)).toEqual([]);
    expect(deadlyIn({ virtual_hosts: [] }, matchers)).toEqual([]);
    const rewrite = (regex: string): Route => ({
      ...GOOD,
      route: { hash_policy: [{ header: { regex_rewrite: { pattern: { regex } } } }] },
    });
    expect(deadlyIn(tableOf(rewrite('a')), matchers)).toEqual([]);
    expect(deadlyIn(tableOf(rewrite('(')), matchers)).toEqual(['virtual_hosts[host].routes[good]: bad expression']);
  });

  it('names every route that would end the process', () => {
    const table = tableOf({ name: 'a', action: 'non_forwarding_action' }, GOOD, {
      ...GOOD,
      name: 'b',
      match: { bad: true },
    });
    expect(deadlyIn(table, matchers)).toEqual([
      'virtual_hosts[host].routes[a]: unsupported action: non_forwarding_action',
      'virtual_hosts[host].routes[b]: bad match',
    ]);
  });
});
