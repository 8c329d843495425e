import { create, toBinary } from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { DEADLINE_MS_MAX, methodPolicies } from './method-policies';
import { compileProto } from './testing';

const proto = (methods: string): string => `
  syntax = "proto3";
  package shop.v1;
  import "google/protobuf/descriptor.proto";
  import "google/protobuf/duration.proto";
  message Policy { google.protobuf.Duration deadline = 1; Priority priority = 2; repeated string callers = 3; }
  enum Priority { NONE = 0; PAY = 10; LOOK = 40; }
  extend google.protobuf.MethodOptions { Policy policy = 50001; string note = 50002; }
  extend google.protobuf.FieldOptions { Policy field_policy = 50003; }
  message M {}
  service Shop { ${methods} }
`;
const extension = 'shop.v1.policy';

describe('methodPolicies', () => {
  it('reads deadline, priority, idempotency and the kind of each method', () => {
    const descriptors = compileProto(
      proto(`
        rpc Buy(M) returns (M) { option idempotency_level = IDEMPOTENT; option (policy) = {deadline: {seconds: 1, nanos: 500000000}, priority: PAY}; }
        rpc Look(M) returns (stream M) { option idempotency_level = NO_SIDE_EFFECTS; option (policy) = {priority: LOOK}; }
        rpc Send(stream M) returns (M) { option (policy) = {deadline: {nanos: 250000}}; }
        rpc Talk(stream M) returns (stream M);
      `),
    );
    expect(Object.fromEntries(methodPolicies(descriptors, { extension }))).toEqual({
      '/shop.v1.Shop/Buy': {
        deadlineMs: 1_500,
        priority: 10,
        idempotency: 'idempotent',
        requestStream: false,
        responseStream: false,
      },
      '/shop.v1.Shop/Look': {
        deadlineMs: undefined,
        priority: 40,
        idempotency: 'no-side-effects',
        requestStream: false,
        responseStream: true,
      },
      '/shop.v1.Shop/Send': {
        deadlineMs: 0.25,
        priority: 0,
        idempotency: 'unknown',
        requestStream: true,
        responseStream: false,
      },
      '/shop.v1.Shop/Talk': {
        deadlineMs: undefined,
        priority: 0,
        idempotency: 'unknown',
        requestStream: true,
        responseStream: true,
      },
    });
  });

  it('reads who may call, and names nobody where nobody is named', () => {
    const descriptors = compileProto(
      proto(`
        rpc Buy(M) returns (M) { option (policy) = {callers: ["front", "spiffe://mesh.test/billing"]}; }
        rpc Look(M) returns (M) { option (policy) = {priority: LOOK}; }
        rpc Send(M) returns (M);
      `),
    );
    const policies = methodPolicies(descriptors, { extension });
    expect(policies.get('/shop.v1.Shop/Buy')?.callers).toEqual(['front', 'spiffe://mesh.test/billing']);
    for (const name of ['Look', 'Send']) expect(policies.get(`/shop.v1.Shop/${name}`)).not.toHaveProperty('callers');
  });

  it('gives policies without deadline and priority where the extension is not known', () => {
    const descriptors = compileProto(proto('rpc Buy(M) returns (M) { option (policy) = {deadline: {seconds: 1}}; }'));
    expect(methodPolicies(descriptors).get('/shop.v1.Shop/Buy')).toMatchObject({ deadlineMs: undefined, priority: 0 });
  });

  it.each([
    ['{seconds: -1}', '-1000'],
    ['{}', '0'],
    ['{nanos: -1}', '-0.000001'],
    [`{seconds: ${Math.ceil(DEADLINE_MS_MAX / 1_000)}}`, '2147484000'],
  ])('refuses a deadline of %s, with the method and the value', (deadline, shown) => {
    const descriptors = compileProto(proto(`rpc Buy(M) returns (M) { option (policy) = {deadline: ${deadline}}; }`));
    const read = (): unknown => methodPolicies(descriptors, { extension });
    expect(read).toThrow(RangeError);
    expect(read).toThrow(`/shop.v1.Shop/Buy must be above 0 and at most ${DEADLINE_MS_MAX} ms, got ${shown} ms`);
  });

  it('refuses an extension of another shape', () => {
    const descriptors = compileProto(proto('rpc Buy(M) returns (M);'));
    for (const other of ['shop.v1.note', 'shop.v1.field_policy']) {
      expect(() => methodPolicies(descriptors, { extension: other })).toThrow(`${other} must be a message`);
    }
  });

  it('refuses what is no descriptor set, and sets that lack an import', () => {
    expect(() => methodPolicies(Buffer.from('no descriptors'))).toThrow(TypeError);
    const lonely = create(FileDescriptorSetSchema, {
      file: [{ name: 'a.proto', syntax: 'proto3', dependency: ['b.proto'] }],
    });
    expect(() => methodPolicies(toBinary(FileDescriptorSetSchema, lonely))).toThrow('with all its imports');
  });

  it('finds nothing in an empty set', () => {
    expect(methodPolicies(new Uint8Array()).size).toBe(0);
  });
});
