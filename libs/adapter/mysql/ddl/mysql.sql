-- Generated from src/schema-tables.ts: node dist/write-ddl.js

CREATE TABLE IF NOT EXISTS `schema_migration` (
  `version` INT NOT NULL,
  `name` VARCHAR(64) NOT NULL,
  `checksum` VARCHAR(64) NOT NULL,
  `applied_at_ms` BIGINT NOT NULL,
  PRIMARY KEY (`version`)
) ENGINE = InnoDB DEFAULT CHARACTER SET = ascii COLLATE = ascii_bin;

CREATE TABLE IF NOT EXISTS `user_asset` (
  `user_id` BIGINT NOT NULL,
  `asset_type` TINYINT NOT NULL,
  `credited` BIGINT NOT NULL,
  `reversed` BIGINT NOT NULL,
  `debited` BIGINT NOT NULL,
  `seq` BIGINT NOT NULL,
  `debits` BIGINT NOT NULL,
  PRIMARY KEY (`user_id`, `asset_type`)
) ENGINE = InnoDB DEFAULT CHARACTER SET = ascii COLLATE = ascii_bin;

CREATE TABLE IF NOT EXISTS `user_asset_record` (
  `user_id` BIGINT NOT NULL,
  `role` TINYINT NOT NULL,
  `event_id` BINARY(16) NOT NULL,
  `op_user_id` BIGINT NOT NULL,
  `event_type` TINYINT NOT NULL,
  `outcome` TINYINT NOT NULL,
  `biz_id` BIGINT NOT NULL,
  `biz_type` TINYINT NOT NULL,
  `obj_id` VARCHAR(64) NOT NULL,
  `quantity` BIGINT NOT NULL,
  `asset_type` TINYINT NOT NULL,
  `incr` BIGINT NOT NULL,
  `counterpart_user_id` BIGINT NOT NULL,
  `applied_at_ms` BIGINT NOT NULL,
  `balance_after` BIGINT NULL,
  `seq` BIGINT NULL,
  `fingerprint` BIGINT NULL,
  `payees` VARCHAR(2048) NULL,
  PRIMARY KEY (`user_id`, `role`, `event_id`, `op_user_id`)
) ENGINE = InnoDB DEFAULT CHARACTER SET = ascii COLLATE = ascii_bin;

CREATE TABLE IF NOT EXISTS `recharge_order` (
  `event_type` TINYINT NOT NULL,
  `outside_transaction_id` VARBINARY(64) NOT NULL,
  `event_id` BINARY(16) NOT NULL,
  `user_id` BIGINT NOT NULL,
  `order_id` BIGINT NOT NULL,
  `asset_type` TINYINT NOT NULL,
  `amount` BIGINT NOT NULL,
  `applied_at_ms` BIGINT NOT NULL,
  PRIMARY KEY (`event_type`, `outside_transaction_id`)
) ENGINE = InnoDB DEFAULT CHARACTER SET = ascii COLLATE = ascii_bin;

CREATE TABLE IF NOT EXISTS `reversal` (
  `op_user_id` BIGINT NOT NULL,
  `original_event_id` BINARY(16) NOT NULL,
  `event_id` BINARY(16) NOT NULL,
  `amount` BIGINT NOT NULL,
  `applied_at_ms` BIGINT NOT NULL,
  PRIMARY KEY (`op_user_id`, `original_event_id`)
) ENGINE = InnoDB DEFAULT CHARACTER SET = ascii COLLATE = ascii_bin;

CREATE TABLE IF NOT EXISTS `event_position` (
  `log_partition` INT NOT NULL,
  `next_offset` BIGINT NOT NULL,
  PRIMARY KEY (`log_partition`)
) ENGINE = InnoDB DEFAULT CHARACTER SET = ascii COLLATE = ascii_bin;

CREATE TABLE IF NOT EXISTS `shard_generation` (
  `shard` INT NOT NULL,
  `given` BIGINT NOT NULL,
  `fence` BIGINT NOT NULL,
  PRIMARY KEY (`shard`)
) ENGINE = InnoDB DEFAULT CHARACTER SET = ascii COLLATE = ascii_bin;

CREATE TABLE IF NOT EXISTS `dead_letter` (
  `id` BIGINT NOT NULL AUTO_INCREMENT,
  `log_partition` INT NOT NULL,
  `log_offset` BIGINT NOT NULL,
  `reason` MEDIUMTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  `payload` LONGBLOB NOT NULL,
  `parked_at_ms` BIGINT NOT NULL,
  `fences` MEDIUMTEXT NOT NULL,
  PRIMARY KEY (`id`)
) ENGINE = InnoDB DEFAULT CHARACTER SET = ascii COLLATE = ascii_bin;

CREATE TABLE IF NOT EXISTS `dropped_letter` (
  `id` BIGINT NOT NULL,
  `log_partition` INT NOT NULL,
  `log_offset` BIGINT NOT NULL,
  `reason` MEDIUMTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  `payload` LONGBLOB NOT NULL,
  `parked_at_ms` BIGINT NOT NULL,
  `fences` MEDIUMTEXT NOT NULL,
  `dropped_at_ms` BIGINT NOT NULL,
  `dropped_by` VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  `why` VARCHAR(500) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  `user_id` BIGINT NULL,
  `asset_type` TINYINT NULL,
  `seq` BIGINT NULL,
  PRIMARY KEY (`id`)
) ENGINE = InnoDB DEFAULT CHARACTER SET = ascii COLLATE = ascii_bin;

CREATE TABLE IF NOT EXISTS `anomaly` (
  `id` BIGINT NOT NULL AUTO_INCREMENT,
  `kind` VARCHAR(32) NOT NULL,
  `user_id` BIGINT NOT NULL,
  `asset_type` TINYINT NOT NULL,
  `event_id` BINARY(16) NOT NULL,
  `detail` MEDIUMTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  `noticed_at_ms` BIGINT NOT NULL,
  PRIMARY KEY (`id`)
) ENGINE = InnoDB DEFAULT CHARACTER SET = ascii COLLATE = ascii_bin;

CREATE TABLE IF NOT EXISTS `ledger_layout` (
  `id` TINYINT NOT NULL,
  `shard_count` INT NOT NULL,
  `partition_count` INT NOT NULL,
  PRIMARY KEY (`id`)
) ENGINE = InnoDB DEFAULT CHARACTER SET = ascii COLLATE = ascii_bin;

INSERT INTO schema_migration (version, name, checksum, applied_at_ms) VALUES (1, 'ledger', '9b015d0f5eaf8d9bc75151a0812fa8030dd4cbce10f37d280f0808663b7517ba', UNIX_TIMESTAMP() * 1000);
