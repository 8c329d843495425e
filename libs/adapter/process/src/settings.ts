import { shape } from '@giftmesh/kernel-config';
import { LOG_LEVELS } from './logger';

/** Settings that every process has. */
export const commonSettings = {
  /** How much is logged. */
  GIFTMESH_LOG_LEVEL: shape.choice(LOG_LEVELS, 'info'),
  /** The address to listen on. */
  GIFTMESH_HOST: shape.text('127.0.0.1'),
  /** The longest that a drain takes before what is left is cut off, milliseconds. */
  GIFTMESH_DRAIN_LIMIT_MS: shape.integer(100, 600_000, 10_000),
};

/** Settings of processes that work on the embedded stores. */
export const embeddedSettings = {
  /** Where the data files live; made when it is not there. */
  GIFTMESH_DATA_DIR: shape.text('data'),
  /** Shards of users; chosen once for the life of the data. */
  GIFTMESH_SHARDS: shape.integer(1, 4_096, 256),
  /** Partitions of the event log; chosen once for the life of the data, must divide the shards. */
  GIFTMESH_PARTITIONS: shape.integer(1, 256, 4),
};
