import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { BinaryReader } from '@bufbuild/protobuf/wire';

/** A span as processes export it; the fields that tests look at. Ids in hexadecimal. */
export interface CollectedSpan {
  /** `service.name` of the process. */
  readonly service: string;
  readonly name: string;
  /** As in OTLP: 2 server, 3 client, 5 consumer. */
  readonly kind: number;
  readonly traceId: string;
  readonly spanId: string;
  /** Empty for the first of a trace. */
  readonly parentSpanId: string;
  readonly links: readonly SpanLink[];
}

export interface SpanLink {
  readonly traceId: string;
  readonly spanId: string;
}

/** A collector of OTLP over HTTP that keeps all spans. */
export class SpanCollector {
  readonly #server: Server;
  readonly #spans: CollectedSpan[] = [];

  private constructor(server: Server) {
    this.#server = server;
  }

  /** Listens on a free port. */
  static async start(): Promise<SpanCollector> {
    const server = createServer();
    const collector = new SpanCollector(server);
    server.on('request', (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        if (request.url === '/v1/traces') collector.#spans.push(...spansOf(Buffer.concat(chunks)));
        response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end();
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return collector;
  }

  /** For `GIFTMESH_OTLP_ENDPOINT`. */
  get endpoint(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** What came so far. */
  get spans(): readonly CollectedSpan[] {
    return this.#spans;
  }

  /** The first span that fits; fails, with the names of those that came, when there is none. */
  find(what: string, fits: (span: CollectedSpan) => boolean): CollectedSpan {
    const found = this.#spans.find(fits);
    if (found !== undefined) return found;
    throw new Error(`no span ${what} among ${this.#spans.map(({ service, name }) => `${service} ${name}`).join(', ')}`);
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

/** The spans of an ExportTraceServiceRequest (opentelemetry-proto, trace/v1/trace.proto). */
function spansOf(body: Uint8Array): CollectedSpan[] {
  const spans: CollectedSpan[] = [];
  for (const resourceSpans of fieldsOf(body).messages(1)) {
    const { messages } = fieldsOf(resourceSpans);
    const [resource = new Uint8Array()] = messages(1);
    const service = serviceNameOf(resource);
    for (const scopeSpans of messages(2))
      for (const span of fieldsOf(scopeSpans).messages(2)) spans.push(spanOf(service, fieldsOf(span)));
  }
  return spans;
}

function spanOf(service: string, fields: Fields): CollectedSpan {
  const links = fields.messages(13).map((link) => {
    const { hex } = fieldsOf(link);
    return { traceId: hex(1), spanId: hex(2) };
  });
  const { hex, text, number } = fields;
  return {
    service,
    name: text(5),
    kind: number(6),
    traceId: hex(1),
    spanId: hex(2),
    parentSpanId: hex(4),
    links,
  };
}

function serviceNameOf(resource: Uint8Array): string {
  for (const attribute of fieldsOf(resource).messages(1)) {
    const { text, messages } = fieldsOf(attribute);
    const [value] = messages(2);
    if (text(1) === 'service.name' && value !== undefined) return fieldsOf(value).text(1);
  }
  return '';
}

/** A message's fields by their numbers. */
interface Fields {
  readonly messages: (field: number) => readonly Uint8Array[];
  readonly hex: (field: number) => string;
  readonly text: (field: number) => string;
  readonly number: (field: number) => number;
}

function fieldsOf(message: Uint8Array): Fields {
  const bytes = new Map<number, Uint8Array[]>();
  const numbers = new Map<number, number>();
  const reader = new BinaryReader(message);
  while (reader.pos < reader.len) {
    const [field, wireType] = reader.tag();
    if (wireType === LENGTH_DELIMITED) bytes.set(field, [...(bytes.get(field) ?? []), reader.bytes()]);
    else if (wireType === VARINT) numbers.set(field, Number(reader.uint64()));
    else reader.skip(wireType, field);
  }
  const buffer = (field: number): Buffer => Buffer.from(bytes.get(field)?.[0] ?? []);
  return {
    messages: (field) => bytes.get(field) ?? [],
    hex: (field) => buffer(field).toString('hex'),
    text: (field) => buffer(field).toString(),
    number: (field) => numbers.get(field) ?? 0,
  };
}

const VARINT = 0;
const LENGTH_DELIMITED = 2;
