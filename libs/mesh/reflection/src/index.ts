export { DescriptorIndex } from './descriptor-index';
export {
  reflectionDefinition,
  reflectionDescriptors,
  type ReflectionAnswer,
  type ReflectionDefinition,
  type ReflectionRequest,
  type ReflectionResponse,
  type ReflectionVersion,
} from './reflection-definition';
export { reflectionServices, type ReflectionOptions } from './reflection-service';
