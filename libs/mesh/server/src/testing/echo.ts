import { describedDefinition, readRegistry, type MethodDefinition } from '@giftmesh/mesh-policy';
import { compileProto } from '@giftmesh/mesh-policy/testing';
import { ECHO_PROTO } from './echo-proto';

/** What is to be said. */
export interface SayRequest {
  readonly text: string;
  readonly times?: number;
  readonly behaviour?: number;
}
/** What was said. */
export interface SayResponse {
  readonly text: string;
  readonly index: number;
}

type Method<In extends boolean, Out extends boolean> = MethodDefinition<SayRequest, SayResponse> & {
  readonly requestStream: In;
  readonly responseStream: Out;
};

/** The service's definition, of the shape that code generators give. */
export type EchoDefinition = {
  readonly say: Method<false, false>;
  readonly repeat: Method<false, true>;
  readonly collect: Method<true, false>;
  readonly chat: Method<true, true>;
};

export interface Echo {
  readonly definition: EchoDefinition;
  /** Serialized FileDescriptorSet. */
  readonly descriptors: Uint8Array;
  readonly policyExtension: string;
  /** Metadata text of `ECHO_PROTO` for clients that load proto files themselves. */
  readonly proto: string;
}

/** Compiles the echo service. */
export function compileEcho(): Echo {
  const descriptors = compileProto(ECHO_PROTO);
  return {
    descriptors,
    definition: describedDefinition(readRegistry(descriptors), 'mesh.testing.v1.Echo') as unknown as EchoDefinition,
    policyExtension: 'mesh.testing.v1.policy',
    proto: ECHO_PROTO,
  };
}
