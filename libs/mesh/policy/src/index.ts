export {
  serviceName,
  type MethodDefinition,
  type RequestOf,
  type ResponseOf,
  type ServiceDefinition,
} from './definition';
export { describedDefinition } from './described-definition';
export { DEADLINE_MS_MAX, methodPolicies, type MethodPoliciesOptions } from './method-policies';
export { undeclaredPolicy, type Idempotency, type MethodPolicy } from './method-policy';
export { readRegistry } from './read-registry';
