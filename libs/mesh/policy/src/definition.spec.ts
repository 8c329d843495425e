import { serviceName } from './definition';
import { describedDefinition } from './described-definition';
import { readRegistry } from './read-registry';
import { compileProto } from './testing';

const registry = readRegistry(
  compileProto(`
    syntax = "proto3";
    package shop.v1;
    message Order { int64 id = 1; repeated string items = 2; oneof pay { string card = 3; bool cash = 4; } }
    service Shop { rpc Buy(Order) returns (Order); rpc WatchAll(stream Order) returns (stream Order); }
  `),
);

describe('describedDefinition', () => {
  const definition = describedDefinition(registry, 'shop.v1.Shop');

  it('has the shape that code generators give', () => {
    expect(Object.keys(definition)).toEqual(['buy', 'watchAll']);
    expect(definition['buy']).toMatchObject({ path: '/shop.v1.Shop/Buy', requestStream: false, responseStream: false });
    expect(definition['watchAll']).toMatchObject({ requestStream: true, responseStream: true });
    expect(serviceName(definition)).toBe('shop.v1.Shop');
  });

  it('encodes plain objects and reads them back, missing fields filled in', () => {
    const { requestSerialize, requestDeserialize } = definition['buy'] as NonNullable<(typeof definition)[string]>;
    const order = { id: 2n ** 60n, pay: { case: 'card', value: '42' } };
    expect(requestDeserialize(requestSerialize(order))).toMatchObject({ ...order, items: [] });
  });

  it('fails to read bytes that are no message', () => {
    expect(() => definition['buy']?.requestDeserialize(Buffer.from([0xff, 0xff]))).toThrow();
  });

  it('refuses a service that the descriptors do not have, and a definition without methods', () => {
    expect(() => describedDefinition(registry, 'shop.v1.Nope')).toThrow('no service shop.v1.Nope');
    expect(() => serviceName({})).toThrow(TypeError);
  });
});
