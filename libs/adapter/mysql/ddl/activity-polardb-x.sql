-- Generated from src/schema-tables.ts: node dist/write-ddl.js

CREATE TABLE IF NOT EXISTS `activity_migration` (
  `version` INT NOT NULL,
  `name` VARCHAR(64) NOT NULL,
  `checksum` VARCHAR(64) NOT NULL,
  `applied_at_ms` BIGINT NOT NULL,
  PRIMARY KEY (`version`)
) ENGINE = InnoDB DEFAULT CHARACTER SET = ascii COLLATE = ascii_bin
SINGLE;

CREATE TABLE IF NOT EXISTS `activity_position` (
  `log_partition` INT NOT NULL,
  `next_offset` BIGINT NOT NULL,
  PRIMARY KEY (`log_partition`)
) ENGINE = InnoDB DEFAULT CHARACTER SET = ascii COLLATE = ascii_bin
SINGLE;

CREATE TABLE IF NOT EXISTS `activity_score` (
  `day` INT NOT NULL,
  `room_id` BIGINT NOT NULL,
  `user_id` BIGINT NOT NULL,
  `paid` BIGINT NOT NULL,
  `got` BIGINT NOT NULL,
  `points` BIGINT NOT NULL,
  PRIMARY KEY (`day`, `room_id`, `user_id`),
  INDEX `by_paid` (`day`, `room_id`, `paid` DESC, `user_id`),
  INDEX `by_got` (`day`, `room_id`, `got` DESC, `user_id`),
  INDEX `by_points` (`day`, `room_id`, `points` DESC, `user_id`)
) ENGINE = InnoDB DEFAULT CHARACTER SET = ascii COLLATE = ascii_bin
PARTITION BY KEY (`room_id`) PARTITIONS 16;

CREATE TABLE IF NOT EXISTS `activity_entrance` (
  `day` INT NOT NULL,
  `room_id` BIGINT NOT NULL,
  `viewer_id` BIGINT NOT NULL,
  PRIMARY KEY (`day`, `room_id`, `viewer_id`)
) ENGINE = InnoDB DEFAULT CHARACTER SET = ascii COLLATE = ascii_bin
PARTITION BY KEY (`viewer_id`) PARTITIONS 16;

CREATE TABLE IF NOT EXISTS `activity_seen` (
  `user_id` BIGINT NOT NULL,
  `asset_type` TINYINT NOT NULL,
  `runs` VARCHAR(512) NOT NULL,
  PRIMARY KEY (`user_id`, `asset_type`)
) ENGINE = InnoDB DEFAULT CHARACTER SET = ascii COLLATE = ascii_bin
PARTITION BY KEY (`user_id`) PARTITIONS 16;

INSERT INTO activity_migration (version, name, checksum, applied_at_ms) VALUES (1, 'activity', '152ca3803aca7b183750df2dec7a7eb7104bc2b49173ddf13b2e17b2d1bb52f1', UNIX_TIMESTAMP() * 1000);
