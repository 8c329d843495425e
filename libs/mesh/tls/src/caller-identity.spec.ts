import { callerIdentity, callerNames, decideCaller } from './index';
import { parseAltNames } from './alt-names-decider';

const workload = (namespace: string, serviceAccount: string, trustDomain = 'mesh.test'): string =>
  `URI:spiffe://${trustDomain}/ns/${namespace}/sa/${serviceAccount}`;

describe('callerIdentity', () => {
  it('reads the SPIFFE ID of a workload before all DNS names', () => {
    expect(callerIdentity(`DNS:payment-da, ${workload('gold', 'payment-station')}`)).toEqual({
      kind: 'spiffe',
      id: 'spiffe://mesh.test/ns/gold/sa/payment-station',
      trustDomain: 'mesh.test',
      workload: { namespace: 'gold', serviceAccount: 'payment-station' },
    });
  });

  it('knows IDs that are not those of Kubernetes by the whole', () => {
    for (const path of ['', '/billing', '/ns/a/sa', '/ns/a/sa/b/c', '/sa/b/ns/a'])
      expect(callerIdentity(`URI:spiffe://mesh.test${path}`)).toMatchObject({
        kind: 'spiffe',
        id: `spiffe://mesh.test${path}`,
        workload: undefined,
      });
  });

  it.each([
    'URI:spiffe://',
    'URI:spiffe:///ns/a/sa/b',
    'URI:SPIFFE://mesh.test/ns/a/sa/b',
    'URI:spiffe://Mesh.test/ns/a/sa/b',
    'URI:spiffe://mesh.test:1/ns/a/sa/b',
    'URI:spiffe://user@mesh.test/ns/a/sa/b',
    'URI:spiffe://mesh.test/ns/a/sa/b?c',
    'URI:spiffe://mesh.test/ns/a/sa/b#c',
    'URI:spiffe://mesh.test/ns/a/sa/b/',
    'URI:spiffe://mesh.test/ns//sa/b',
    'URI:spiffe://mesh.test/ns/../sa/b',
    'URI:spiffe://mesh.test/ns/a/sa/%62',
    `URI:spiffe://mesh.test/${'a'.repeat(2_048)}`,
    `${workload('a', 'b')}, ${workload('a', 'c')}`,
    `${workload('a', 'b')}, URI:https://mesh.test`,
  ])('finds nobody behind %s, also beside a DNS name', (names) => {
    expect(callerIdentity(names).kind).toBe('none');
    expect(callerIdentity(`DNS:payment-station, ${names}`).kind).toBe('none');
  });

  it('reads DNS names where there is no SPIFFE ID, without wildcards', () => {
    expect(callerIdentity('DNS:Payment-DA.gold.svc, DNS:*.gold.svc, IP Address:10.0.0.1, URI:https://a')).toEqual({
      kind: 'dns',
      names: ['payment-da.gold.svc'],
    });
    for (const names of ['', 'DNS:*.gold.svc', 'IP Address:10.0.0.1', 'DNS:a b', 'email:a@b.c'])
      expect(callerIdentity(names).kind).toBe('none');
    expect(callerIdentity(undefined)).toMatchObject({ kind: 'none', problem: /^no certificate/ });
  });
});

describe('parseAltNames', () => {
  it('reads what Node has quoted, and keeps it one name', () => {
    expect(parseAltNames('DNS:"a\\u002c URI:spiffe://b", URI:"x\\"y"')).toEqual([
      { type: 'DNS', value: 'a, URI:spiffe://b' },
      { type: 'URI', value: 'x"y' },
    ]);
  });

  it.each(['DNS', 'DNS:a,DNS:b', 'DNS:a, ', 'DNS:"a', 'DNS:"a"b', 'DNS:"\\x"', ':a', `DNS:${'a'.repeat(16_384)}`])(
    'reads nothing out of %.20s',
    (text) => expect(parseAltNames(text)).toBeUndefined(),
  );
});

describe('callerNames', () => {
  const own = callerIdentity(workload('gold', 'payment-da'));

  it('has a short name for neighbours only', () => {
    expect(callerNames(callerIdentity(workload('gold', 'payment-station')), own)[0]).toBe('payment-station');
    for (const stranger of [
      workload('evil', 'payment-station'),
      workload('gold', 'payment-station', 'other.test'),
      'URI:spiffe://mesh.test/payment-station',
    ]) {
      const { id } = callerIdentity(stranger) as { id: string };
      expect(callerNames(callerIdentity(stranger), own)).toEqual([id]);
    }
    expect(callerNames(callerIdentity('DNS:payment-station'), own)).toEqual([]);
  });

  it('goes by the domain behind the first label of DNS names', () => {
    const here = callerIdentity('DNS:payment-da.gold.svc, DNS:payment-da');
    expect(callerNames(callerIdentity('DNS:payment-station.gold.svc'), here)).toEqual([
      'payment-station',
      'payment-station.gold.svc',
    ]);
    expect(callerNames(callerIdentity('DNS:payment-station'), here)).toEqual(['payment-station']);
    expect(callerNames(callerIdentity('DNS:payment-station.evil.svc'), here)).toEqual(['payment-station.evil.svc']);
    expect(callerNames(callerIdentity('DNS:gold.svc'), here)).toEqual(['gold.svc']);
  });
});

describe('decideCaller', () => {
  const own = callerIdentity(workload('gold', 'payment-da'));
  const ask = (names: string | undefined, callers: readonly string[]) =>
    decideCaller({ callers, caller: callerIdentity(names), own });

  it('lets in who is named, by the short name or by the whole', () => {
    const caller = workload('gold', 'payment-station');
    expect(ask(caller, ['payment-station'])).toEqual({ kind: 'allowed', caller: 'payment-station' });
    expect(ask(caller, ['spiffe://mesh.test/ns/gold/sa/payment-station']).kind).toBe('allowed');
    expect(ask(workload('far', 'billing'), ['spiffe://mesh.test/ns/far/sa/billing']).kind).toBe('allowed');
    expect(ask('DNS:billing.example.com', ['billing.example.com']).kind).toBe('allowed');
  });

  it('forbids everybody else, and says who it was', () => {
    expect(ask(workload('gold', 'interaction'), ['payment-station'])).toEqual({
      kind: 'forbidden',
      caller: 'interaction',
    });
    expect(ask(workload('gold', 'payment-station'), [])).toEqual({ kind: 'forbidden', caller: 'payment-station' });
    expect(ask('DNS:payment-station', ['payment-station'])).toEqual({ kind: 'forbidden', caller: 'payment-station' });
  });

  it('does not know who shows no identity', () => {
    expect(ask(undefined, ['']).kind).toBe('unidentified');
    expect(ask('IP Address:10.0.0.1', ['10.0.0.1']).kind).toBe('unidentified');
  });
});
