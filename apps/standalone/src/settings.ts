import { z } from 'zod';
import {
  commonSettings,
  embeddedSettings,
  meshSettings,
  stressEdgeSettings,
  stressSettings,
} from '@giftmesh/adapter-process';
import { shape } from '@giftmesh/kernel-config';

/** What this process is told by environment variables. */
export const settings = z.object({
  ...commonSettings,
  ...embeddedSettings,
  ...meshSettings,
  ...stressSettings,
  ...stressEdgeSettings,
  /** Port of InteractionService; 0 for any free one, as for the others. */
  GIFTMESH_INTERACTION_PORT: shape.port(7001),
  /** Port of PaymentStationService. */
  GIFTMESH_STATION_PORT: shape.port(7002),
  /** Port of PaymentDaService. */
  GIFTMESH_DA_PORT: shape.port(7003),
  /** As GIFTMESH_ADMIN_ADDRESS, for the thread of Payment-DA. */
  GIFTMESH_DA_ADMIN_ADDRESS: shape.text('none'),
  /** Between two audits of the ledger beside running work, seconds; 0 for none. */
  GIFTMESH_AUDIT_INTERVAL_S: shape.integer(0, 604_800, 3_600),
  /** The most decided events that may wait for the ledger before further ones are refused. */
  GIFTMESH_OUTBOX_MAX: shape.integer(1, 10_000_000, 500_000),
  /** The most settled markers kept in memory. */
  GIFTMESH_MARKERS_MAX: shape.integer(1, 10_000_000, 20_000),
  /** The most users kept in memory. */
  GIFTMESH_ACCOUNTS_MAX: shape.integer(1, 100_000_000, 1_000_000),
  /** Print one JSON line with the addresses on stdout when ready, for programs, instead of the text for people. */
  GIFTMESH_READY_JSON: shape.flag(false),
});
export type Settings = z.infer<typeof settings>;
