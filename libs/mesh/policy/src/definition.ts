/**
 * One method as code generators for grpc-js describe it (ts-proto with `outputServices=grpc-js`, grpc-tools,
 * proto-loader). The types of a concrete definition are read from it by the helpers below.
 */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- stands for any message type, in both directions
export interface MethodDefinition<Request = any, Response = any> {
  /** `/package.Service/Method`. */
  readonly path: string;
  readonly requestStream: boolean;
  readonly responseStream: boolean;
  readonly requestSerialize: (value: Request) => Buffer;
  readonly requestDeserialize: (bytes: Buffer) => Request;
  readonly responseSerialize: (value: Response) => Buffer;
  readonly responseDeserialize: (bytes: Buffer) => Response;
}

/** A service: its methods under the names that code uses for them (`sendGift`). */
export type ServiceDefinition = Readonly<Record<string, MethodDefinition>>;

/** The request type of a method. */
export type RequestOf<M extends MethodDefinition> = ReturnType<M['requestDeserialize']>;

/** The response type of a method. */
export type ResponseOf<M extends MethodDefinition> = ReturnType<M['responseDeserialize']>;

/** The full name of a definition's service (`package.Service`). Throws TypeError for a definition without methods. */
export function serviceName(definition: ServiceDefinition): string {
  const [first] = Object.values(definition);
  if (first === undefined) throw new TypeError('a service definition needs at least one method');
  return first.path.slice(1, first.path.lastIndexOf('/'));
}
