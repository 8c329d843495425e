export {
  checkBehaviour,
  type Behaviour,
  type ClientBehaviour,
  type FeatureSwitch,
  type ServerBehaviour,
} from './behaviour';
export { Mesh, type MeshOptions, type MeshServerSettings, type MeshState } from './mesh';
export type { StressSettings } from './server-stack';
export { STACK_BREAKER, STACK_BUDGET } from './stack-defaults';
export { MeshChannel, type MeshChannelOptions } from './mesh-channel';
