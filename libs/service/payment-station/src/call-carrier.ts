import type { Carrier } from '@giftmesh/domain-money';
import { currentCall } from '@giftmesh/mesh-context';
import { laneCarrier } from '@giftmesh/mesh-lanes';
import { traceCarrier } from '@giftmesh/mesh-telemetry';

/** What travels through the log with the events of the running call: its trace when it is recorded, and its marks. */
export function callCarrier(): Carrier | undefined {
  const call = currentCall();
  if (call === undefined) return undefined;
  const trace = traceCarrier(call);
  const marks = laneCarrier(call);
  return trace === undefined || marks === undefined ? (trace ?? marks) : { ...trace, ...marks };
}
