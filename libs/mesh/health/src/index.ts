export {
  HEALTH_SERVICE,
  healthDefinition,
  healthDescriptors,
  type HealthCheckRequest,
  type HealthCheckResponse,
  type HealthDefinition,
  type HealthListResponse,
} from './health-definition';
export { HealthRegistry, type HealthListener } from './health-registry';
export { healthService, LIST_MAX } from './health-service';
export { pollDependency, type PollDependencyOptions } from './poll-dependency';
export { ServingStatus } from './health-status';
