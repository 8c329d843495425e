import { fromBinary } from '@bufbuild/protobuf';
import {
  FileDescriptorProtoSchema,
  type DescriptorProto,
  type EnumDescriptorProto,
  type FieldDescriptorProto,
  type FileDescriptorProto,
} from '@bufbuild/protobuf/wkt';
import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';

interface IndexedFile {
  /** As it was given: options and fields that nobody here knows are still in it. */
  readonly bytes: Uint8Array;
  readonly imports: readonly string[];
}

/**
 * Finds files by name, symbol and extension in serialized FileDescriptorSets. Files come back as the bytes that were
 * given. Of two files with one name the first counts.
 */
export class DescriptorIndex {
  readonly #files = new Map<string, IndexedFile>();
  readonly #fileOfSymbol = new Map<string, string>();
  /** Of each extended message, the file of each extension number. */
  readonly #extensions = new Map<string, Map<number, string>>();

  /** Throws TypeError, with the cause, when the bytes are no FileDescriptorSets. */
  constructor(descriptorSets: readonly Uint8Array[]) {
    try {
      for (const set of descriptorSets) for (const bytes of rawFiles(set)) this.#addFile(bytes);
    } catch (cause) {
      throw new TypeError('not a serialized FileDescriptorSet', { cause });
    }
  }

  hasFile(name: string): boolean {
    return this.#files.has(name);
  }

  /** The name of the file that declares a service, method, message, enum, enum value, field, oneof or extension. */
  fileOfSymbol(symbol: string): string | undefined {
    return this.#fileOfSymbol.get(withoutDot(symbol));
  }

  /** The name of the file that extends a message under a number. */
  fileOfExtension(extendee: string, number: number): string | undefined {
    return this.#extensions.get(withoutDot(extendee))?.get(number);
  }

  /** All extension numbers of a message, ascending; undefined when there is no such message. */
  extensionNumbers(message: string): readonly number[] | undefined {
    const name = withoutDot(message);
    const numbers = this.#extensions.get(name);
    if (numbers === undefined) return this.#fileOfSymbol.has(name) ? [] : undefined;
    return [...numbers.keys()].sort((a, b) => a - b);
  }

  /** The bytes of a file and of all that it imports, itself first, each once; imports that are not known are left out. */
  withImports(fileName: string): readonly Uint8Array[] {
    const names = new Set([fileName]);
    // A set is iterated in the order of insertion, additions on the way included.
    for (const name of names) for (const imported of this.#files.get(name)?.imports ?? []) names.add(imported);
    return [...names].flatMap((name) => this.#files.get(name)?.bytes ?? []);
  }

  #addFile(bytes: Uint8Array): void {
    const file = fromBinary(FileDescriptorProtoSchema, bytes);
    if (this.#files.has(file.name)) return;
    this.#files.set(file.name, { bytes, imports: file.dependency });
    this.#addSymbols(file);
  }

  #addSymbols(file: FileDescriptorProto): void {
    const scope = file.package;
    for (const message of file.messageType) this.#addMessage(file.name, scope, message);
    for (const type of file.enumType) this.#addEnum(file.name, scope, type);
    for (const extension of file.extension) this.#addExtension(file.name, scope, extension);
    for (const service of file.service) {
      const name = this.#add(file.name, scope, service.name);
      for (const method of service.method) this.#add(file.name, name, method.name);
    }
  }

  #addMessage(file: string, scope: string, message: DescriptorProto): void {
    const name = this.#add(file, scope, message.name);
    for (const field of message.field) this.#add(file, name, field.name);
    for (const oneof of message.oneofDecl) this.#add(file, name, oneof.name);
    for (const nested of message.nestedType) this.#addMessage(file, name, nested);
    for (const type of message.enumType) this.#addEnum(file, name, type);
    for (const extension of message.extension) this.#addExtension(file, name, extension);
  }

  /** A value of an enum is a sibling of the enum (`pkg.VALUE`); clients also ask for `pkg.Enum.VALUE`. */
  #addEnum(file: string, scope: string, type: EnumDescriptorProto): void {
    const name = this.#add(file, scope, type.name);
    for (const value of type.value) {
      this.#add(file, scope, value.name);
      this.#add(file, name, value.name);
    }
  }

  #addExtension(file: string, scope: string, extension: FieldDescriptorProto): void {
    this.#add(file, scope, extension.name);
    const extendee = withoutDot(extension.extendee);
    const numbers = this.#extensions.get(extendee) ?? new Map<number, string>();
    this.#extensions.set(extendee, numbers.set(extension.number, file));
  }

  #add(file: string, scope: string, name: string): string {
    const fullName = scope === '' ? name : `${scope}.${name}`;
    if (!this.#fileOfSymbol.has(fullName)) this.#fileOfSymbol.set(fullName, file);
    return fullName;
  }
}

/** The files of a FileDescriptorSet (its field 1), undecoded. */
function rawFiles(set: Uint8Array): Uint8Array[] {
  const reader = new BinaryReader(set);
  const files: Uint8Array[] = [];
  while (reader.pos < reader.len) {
    const [field, wire] = reader.tag();
    if (field === 1 && wire === WireType.LengthDelimited) files.push(reader.bytes());
    else reader.skip(wire, field);
  }
  return files;
}

/** Names in descriptors begin with a dot, and some clients ask with it. */
function withoutDot(name: string): string {
  return name.startsWith('.') ? name.slice(1) : name;
}
