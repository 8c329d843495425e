import { contractDescriptors } from '@giftmesh/contract';
import { create, createFileRegistry, fromBinary, setExtension, toBinary, type Message } from '@bufbuild/protobuf';
import {
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
  MethodOptions_IdempotencyLevel,
  MethodOptionsSchema,
} from '@bufbuild/protobuf/wkt';
import { PRIORITY_BY_METHOD, WORK_SERVICE, workService } from './work-service';

const POLICY_FILE = 'giftmesh/mesh/v1/policy.proto';
const POLICY_EXTENSION = 'giftmesh.mesh.v1.policy';

/**
 * The serialized FileDescriptorSet of the work service: every method is idempotent, may take `deadlineMs` (a whole number) and
 * has its priority, in the option that the contracts use. So a server knows what a call is worth whoever the caller is.
 */
export function workDescriptors(deadlineMs: number): Uint8Array {
  const set = fromBinary(FileDescriptorSetSchema, contractDescriptors());
  const extension = createFileRegistry(set).getExtension(POLICY_EXTENSION);
  if (extension?.message === undefined) throw new Error(`the contracts do not define ${POLICY_EXTENSION}`);
  const policySchema = extension.message;
  const deadline = { seconds: BigInt(Math.floor(deadlineMs / 1000)), nanos: (deadlineMs % 1000) * 1_000_000 };
  const methods = (Object.keys(workService) as (keyof typeof workService)[]).map((key) => {
    const options = create(MethodOptionsSchema, { idempotencyLevel: MethodOptions_IdempotencyLevel.IDEMPOTENT });
    const policy: Message = create(policySchema, { deadline, priority: PRIORITY_BY_METHOD[key] });
    setExtension(options, extension, policy);
    const [, , name = ''] = workService[key].path.split('/');
    return { name, inputType: `.${WORK_SERVICE}Bytes`, outputType: `.${WORK_SERVICE}Bytes`, options };
  });
  const dot = WORK_SERVICE.lastIndexOf('.');
  set.file.push(
    create(FileDescriptorProtoSchema, {
      name: 'giftmesh/bench/v1/work.proto',
      package: WORK_SERVICE.slice(0, dot),
      syntax: 'proto3',
      dependency: [POLICY_FILE],
      messageType: [{ name: `${WORK_SERVICE.slice(dot + 1)}Bytes` }],
      service: [{ name: WORK_SERVICE.slice(dot + 1), method: methods }],
    }),
  );
  return toBinary(FileDescriptorSetSchema, set);
}
