export {
  BAGGAGE_BYTES_MAX,
  BAGGAGE_HEADER,
  BAGGAGE_INPUT_MAX,
  BAGGAGE_MEMBERS_MAX,
  formatBaggage,
  parseBaggage,
  type BaggageMember,
  type ParsedBaggage,
} from './baggage';
export { laneRouter, type LaneRouter, type LaneRouterOptions, type LaneTarget } from './lane-router';
export { LANES_MAX, routeLane, type LaneHealth, type LaneRoute } from './lane-router-decider';
export { lanesClientPolicy, type LanesClientOptions } from './lanes-client-policy';
export { lanesServerPolicy, type LanesServerOptions } from './lanes-server-policy';
export {
  BASE_LANE,
  CallMarks,
  isLaneName,
  isStress,
  LANE_KEY,
  laneCarrier,
  laneOf,
  markCall,
  marksOf,
  marksOfCarrier,
  readMarks,
  STRESS_KEY,
  type Marks,
  type ReadMarks,
} from './marks';
export { routeStress } from './route-stress';
export { shadow, SHADOW_SUFFIX, shadowOf } from './shadow';
export {
  saysStress,
  STRESS_TOKEN_HEADER,
  STRESS_TOKEN_LENGTH_MIN,
  stressEdgePolicy,
  type StressEdgeOptions,
} from './stress-edge-policy';
export { stressLimitPolicy, type StressLimitOptions } from './stress-limit-policy';
