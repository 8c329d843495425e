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
export { lanesClientPolicy } from './lanes-client-policy';
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
export { shadow, SHADOW_SUFFIX, shadowOf } from './shadow';
