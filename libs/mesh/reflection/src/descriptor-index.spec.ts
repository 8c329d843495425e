import { fromBinary } from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { compileProto } from '@giftmesh/mesh-policy/testing';
import { DescriptorIndex } from './descriptor-index';

const descriptors = compileProto(`
  syntax = "proto2";
  package shop.v1;
  import "google/protobuf/descriptor.proto";
  import "google/protobuf/timestamp.proto";
  extend google.protobuf.MethodOptions { optional string note = 50001; }
  message Order {
    extensions 100 to 200;
    optional google.protobuf.Timestamp at = 1;
    map<string, Item> items = 2;
    oneof pay { string card = 3; }
    message Item { optional int32 count = 1; enum Kind { SMALL = 0; } }
    extend Order { optional int32 inner = 101; }
  }
  extend Order { optional int32 outer = 150; }
  enum Colour { RED = 0; }
  service Shop { rpc Buy(Order) returns (Order) { option (note) = "kept"; } }
`);
const index = new DescriptorIndex([descriptors]);

describe('DescriptorIndex', () => {
  it.each([
    'shop.v1.Shop',
    '.shop.v1.Shop',
    'shop.v1.Shop.Buy',
    'shop.v1.Order',
    'shop.v1.Order.at',
    'shop.v1.Order.pay',
    'shop.v1.Order.Item',
    'shop.v1.Order.ItemsEntry',
    'shop.v1.Order.Item.count',
    'shop.v1.Order.Item.Kind',
    'shop.v1.Order.Item.SMALL',
    'shop.v1.Order.Item.Kind.SMALL',
    'shop.v1.Order.inner',
    'shop.v1.outer',
    'shop.v1.note',
    'shop.v1.Colour',
    'shop.v1.RED',
    'shop.v1.Colour.RED',
  ])('finds %s', (symbol) => {
    expect(index.fileOfSymbol(symbol)).toBe('test.proto');
  });

  it.each(['', '.', 'shop.v1', 'shop.v1.Shop.Sell', 'Order', '__proto__', 'constructor'])('has no %j', (symbol) => {
    expect(index.fileOfSymbol(symbol)).toBeUndefined();
  });

  it('finds extensions, and tells those without any from those that do not exist', () => {
    expect(index.fileOfExtension('shop.v1.Order', 150)).toBe('test.proto');
    expect(index.fileOfExtension('.shop.v1.Order', 101)).toBe('test.proto');
    expect(index.fileOfExtension('shop.v1.Order', 102)).toBeUndefined();
    expect(index.fileOfExtension('shop.v1.Nope', 101)).toBeUndefined();
    expect(index.extensionNumbers('shop.v1.Order')).toEqual([101, 150]);
    expect(index.extensionNumbers('shop.v1.Order.Item')).toEqual([]);
    expect(index.extensionNumbers('shop.v1.Nope')).toBeUndefined();
  });

  it('gives a file with all it imports, as the very bytes that came in', () => {
    const files = index.withImports('test.proto');
    expect(files.map((bytes) => fromBinary(FileDescriptorProtoSchema, bytes).name)).toEqual([
      'test.proto',
      'google/protobuf/descriptor.proto',
      'google/protobuf/timestamp.proto',
    ]);
    for (const bytes of files) expect(Buffer.from(descriptors).includes(Buffer.from(bytes))).toBe(true);
    expect(Buffer.from(files[0] ?? []).includes('kept')).toBe(true);
    expect(index.withImports('nope.proto')).toEqual([]);
  });

  it('takes the first of two files with one name', () => {
    const { file } = fromBinary(FileDescriptorSetSchema, descriptors);
    expect(new DescriptorIndex([descriptors, descriptors]).withImports('test.proto').length).toBe(file.length);
  });

  it('refuses what is no descriptor set', () => {
    expect(() => new DescriptorIndex([Buffer.from([0x0a, 0xff])])).toThrow(TypeError);
  });
});
