import { MAKE_ROOM, SCRIPT_PARTS } from './balance-script-parts';

/**
 * How shards stand. Keys: states, outboxes. Argument: shards. Answers of each its generation (0 where it is not that of this
 * mastership: what stands there is from before a restart or a promotion), 1 when it is usable, and the entries of its outbox.
 */
export const STATUS_SCRIPT = `${SCRIPT_PARTS}
local shards, answer = shards_of(tonumber(ARGV[1])), {}
for i, shard in ipairs(shards) do
  answer[3 * i - 2] = shard.continues and shard.generation or 0
  answer[3 * i - 1] = shard.usable and 1 or 0
  answer[3 * i] = shard.usable and call('HLEN', shard.key) or 0
end
return answer
`;

/**
 * Raises and closes shards. Keys: states, outboxes. Arguments: shards, generation. One that has this generation or a newer one
 * stays as it is, also when it is from before a restart: it stays lost then. Users of older generations are not seen any more; their keys go
 * when `evictIdle` comes to them, or when they are installed.
 */
export const RAISE_SCRIPT = `${SCRIPT_PARTS}
local shards, generation = shards_of(tonumber(ARGV[1])), tonumber(ARGV[2])
for _, shard in ipairs(shards) do
  if shard.generation < generation then
    call('SET', shard.state, ARGV[2] .. ' 0 ' .. shard.mastership)
    call('UNLINK', shard.key)
  end
end
return 1
`;

/** Opens shards that were raised to this generation under this mastership. Keys: states, outboxes. Arguments: shards, generation. */
export const OPEN_SCRIPT = `${SCRIPT_PARTS}
local shards, generation = shards_of(tonumber(ARGV[1])), tonumber(ARGV[2])
for _, shard in ipairs(shards) do
  if shard.continues and not shard.usable and shard.generation == generation then
    call('SET', shard.state, ARGV[2] .. ' 1 ' .. shard.mastership)
  end
end
return 1
`;

/**
 * Takes events out of the outbox. Keys: states, outboxes, users. Arguments: shards, users, most settled decisions of a user; of each user her
 * shard; of each event its user and outbox field. What is not there, or of a lost shard, is passed over.
 */
export const SETTLE_SCRIPT = `${SCRIPT_PARTS}${MAKE_ROOM}
local SHARDS, USERS, SETTLED_MAX = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local generations, lost = usable_generations(SHARDS)
local fields, users, found = {}, {}, {}
for i = 1, SHARDS do fields[i], users[i] = {}, {} end
for at = 4 + USERS, #ARGV, 2 do
  local user = tonumber(ARGV[at])
  local shard = tonumber(ARGV[3 + user])
  if generations[shard] > 0 then
    local n = #fields[shard] + 1
    fields[shard][n], users[shard][n] = ARGV[at + 1], user
  end
end
for i = 1, SHARDS do
  if fields[i][1] then found[i] = call('HMGET', KEYS[SHARDS + i], unpack(fields[i])) end
end
local settled, gone = {}, {}
for i = 1, SHARDS do
  for at, field in ipairs(fields[i]) do
    local text, user = found[i][at], users[i][at]
    if text then
      local balance, fingerprint = string.match(text, '^([^;]+;)[^;]+;[^;]+;([^;]+)')
      local list = settled[user]
      if not list then
        list = {}
        settled[user] = list
      end
      list[#list + 1] = string.sub(field, 1, 36)
      list[#list + 1] = balance .. fingerprint
    end
  end
end
-- Into the one before out of the other.
for user, list in pairs(settled) do call('HSET', KEYS[2 * SHARDS + user] .. SETTLED, unpack(list)) end
for i = 1, SHARDS do
  if found[i] then call('HDEL', KEYS[SHARDS + i], unpack(fields[i])) end
end
for user in pairs(settled) do make_room(KEYS[2 * SHARDS + user], SETTLED_MAX) end
return 1
`;

/**
 * Names of outbox entries by age, a page of each shard. Keys: states, outboxes. Arguments: shards, up to which time, from which time on (what
 * a clock that jumped back has made), entries of a page; of each shard its cursor. Answers of each shard the cursor of the next page, `0`
 * behind the last one, and a list of names and times.
 */
export const OUTBOX_SCRIPT = `${SCRIPT_PARTS}
local SHARDS = tonumber(ARGV[1])
local shards, answer = shards_of(SHARDS), {}
local old, ahead = tonumber(ARGV[2]), tonumber(ARGV[3])
for i, shard in ipairs(shards) do
  local found, cursor = {}, '0'
  if shard.usable then
    local page = call('HSCAN', shard.key, ARGV[4 + i], 'COUNT', ARGV[4])
    cursor = page[1]
    for at = 1, #page[2], 2 do
      local time = string.match(page[2][at + 1], '^[^;]+;[^;]+;[^;]+;[^;]+;(%d+);')
      if tonumber(time) <= old or tonumber(time) >= ahead then
        found[#found + 1] = page[2][at]
        found[#found + 1] = time
      end
    end
  end
  answer[i] = { cursor, found }
end
return answer
`;
