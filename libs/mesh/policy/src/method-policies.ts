import { getOption, hasOption, type DescExtension, type DescMethod, type FileRegistry } from '@bufbuild/protobuf';
import { MethodOptions_IdempotencyLevel } from '@bufbuild/protobuf/wkt';
import { readRegistry } from './read-registry';
import type { Idempotency, MethodPolicy } from './method-policy';

export interface MethodPoliciesOptions {
  /**
   * Full name of the extension of `google.protobuf.MethodOptions` that holds the policy: a message with a field
   * `deadline` (google.protobuf.Duration), a field `priority` (an enum or an integer) and a field `callers` (repeated string), each
   * optional.
   * Default `giftmesh.mesh.v1.policy`.
   */
  readonly extension?: string;
}

/** The longest deadline: what timers and `grpc-timeout` of grpc-js can hold, almost 25 days. */
export const DEADLINE_MS_MAX = 2 ** 31 - 1;

/**
 * Reads the policies of all methods from a serialized `google.protobuf.FileDescriptorSet`, by path
 * (`/package.Service/Method`). A method without the option gets a policy without deadline and priority, also when
 * the set does not know the extension at all.
 *
 * Throws TypeError when the bytes are no descriptor set or the extension has another shape, and RangeError for a
 * deadline that is not positive or above `DEADLINE_MS_MAX`, with the method's path.
 */
export function methodPolicies(
  descriptors: Uint8Array,
  options: MethodPoliciesOptions = {},
): ReadonlyMap<string, MethodPolicy> {
  const registry = readRegistry(descriptors);
  const extension = policyExtension(registry, options.extension ?? 'giftmesh.mesh.v1.policy');
  const policies = new Map<string, MethodPolicy>();
  for (const type of registry) {
    if (type.kind !== 'service') continue;
    for (const method of type.methods) {
      policies.set(`/${type.typeName}/${method.name}`, policyOf(method, extension));
    }
  }
  return policies;
}

function policyExtension(registry: FileRegistry, name: string): DescExtension | undefined {
  const extension = registry.getExtension(name);
  if (extension === undefined) return undefined;
  if (extension.extendee.typeName !== 'google.protobuf.MethodOptions' || extension.fieldKind !== 'message') {
    throw new TypeError(`${name} must be a message that extends google.protobuf.MethodOptions`);
  }
  return extension;
}

function policyOf(method: DescMethod, extension: DescExtension | undefined): MethodPolicy {
  const declared =
    extension !== undefined && hasOption(method, extension)
      ? (getOption(method, extension) as { deadline?: unknown; priority?: unknown; callers?: unknown })
      : {};
  return {
    deadlineMs: deadlineMsOf(method, declared.deadline),
    priority: typeof declared.priority === 'number' ? declared.priority : 0,
    idempotency: idempotencyOf(method.idempotency),
    requestStream: method.methodKind === 'client_streaming' || method.methodKind === 'bidi_streaming',
    responseStream: method.methodKind === 'server_streaming' || method.methodKind === 'bidi_streaming',
    ...callersOf(declared.callers),
  };
}

/** Field numbers of an extension of another shape may hold anything. */
function callersOf(callers: unknown): { readonly callers?: readonly string[] } {
  if (!Array.isArray(callers) || callers.length === 0) return {};
  return { callers: callers.filter((caller): caller is string => typeof caller === 'string') };
}

function deadlineMsOf(method: DescMethod, deadline: unknown): number | undefined {
  if (deadline === undefined) return undefined;
  const { seconds, nanos } = deadline as { seconds?: bigint; nanos?: number };
  const deadlineMs = Number(seconds) * 1_000 + Number(nanos) / 1_000_000;
  if (!(deadlineMs > 0 && deadlineMs <= DEADLINE_MS_MAX)) {
    throw new RangeError(
      `the deadline of /${method.parent.typeName}/${method.name} must be above 0 and at most ${DEADLINE_MS_MAX} ms, got ${deadlineMs} ms`,
    );
  }
  return deadlineMs;
}

function idempotencyOf(level: MethodOptions_IdempotencyLevel): Idempotency {
  switch (level) {
    case MethodOptions_IdempotencyLevel.NO_SIDE_EFFECTS:
      return 'no-side-effects';
    case MethodOptions_IdempotencyLevel.IDEMPOTENT:
      return 'idempotent';
    default:
      return 'unknown';
  }
}
