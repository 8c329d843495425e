import { MAKE_ROOM, SCRIPT_PARTS } from './balance-script-parts';

/**
 * How shards stand. Keys: state and outbox of each. Argument: shards. Answers of each its generation (0 where it is not that of this
 * mastership: what stands there is from before a restart or a promotion), 1 when it is usable, and the entries of its outbox.
 */
export const STATUS_SCRIPT = `${SCRIPT_PARTS}
local shards, answer = shards_of(tonumber(ARGV[1])), {}
for i, shard in ipairs(shards) do
  answer[3 * i - 2] = shard.continues and tonumber(shard.generation) or 0
  answer[3 * i - 1] = shard.usable and 1 or 0
  answer[3 * i] = shard.usable and redis.call('ZCARD', shard.key) or 0
end
return answer
`;

/**
 * Raises and closes shards. Keys: state and outbox of each. Arguments: shards, generation. One that has this generation or a newer one
 * stays as it is, also when it is from before a restart: it stays lost then. Users of older generations are not seen any more; their keys go
 * when `evictIdle` comes to them, or when they are installed.
 */
export const RAISE_SCRIPT = `${SCRIPT_PARTS}
local shards, generation = shards_of(tonumber(ARGV[1])), tonumber(ARGV[2])
for _, shard in ipairs(shards) do
  if tonumber(shard.generation) < generation then
    redis.call('SET', shard.state, ARGV[2] .. ' 0 ' .. shard.mastership)
    redis.call('UNLINK', shard.key)
  end
end
return 1
`;

/** Opens shards that were raised to this generation under this mastership. Keys: state and outbox of each. Arguments: shards, generation. */
export const OPEN_SCRIPT = `${SCRIPT_PARTS}
local shards = shards_of(tonumber(ARGV[1]))
for _, shard in ipairs(shards) do
  if shard.continues and not shard.usable and shard.generation == ARGV[2] then
    redis.call('SET', shard.state, ARGV[2] .. ' 1 ' .. shard.mastership)
  end
end
return 1
`;

/**
 * Takes events out of the outbox. Keys: state and outbox of each shard, users. Arguments: shards, users, most settled decisions of a
 * user; of each user her shard and id; of each event its user and id. What is not there, or of a lost shard, is passed over.
 */
export const SETTLE_SCRIPT = `${SCRIPT_PARTS}${MAKE_ROOM}
local SHARDS, USERS, SETTLED_MAX = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local shards = shards_of(SHARDS)
for _, shard in ipairs(shards) do shard.gone = {} end
local users = {}
for i = 1, USERS do
  users[i] = { shard = shards[tonumber(ARGV[2 + 2 * i])], id = ARGV[3 + 2 * i], key = KEYS[2 * SHARDS + i],
    fields = { 'h' }, writes = {} }
end
for at = 4 + 2 * USERS, #ARGV, 2 do
  local fields = users[tonumber(ARGV[at])].fields
  fields[#fields + 1] = ARGV[at + 1]
end
for _, user in ipairs(users) do
  local values, gone = redis.call('HMGET', user.key, unpack(user.fields)), user.shard.gone
  local head = user.shard.usable and values[1] and head_of(values[1])
  if head and head.generation == user.shard.generation then
    user.head = head
    local done, writes = {}, user.writes
    for i = 2, #user.fields do
      local id, text = user.fields[i], values[i]
      if text and not done[id] and string.sub(text, 1, 1) == 'P' then
        done[id] = true
        writes[#writes + 1] = id
        writes[#writes + 1] = 'S' .. string.match(text, '^P([^;]+)')
        head.settled = head.settled + 1
        gone[#gone + 1] = user.id .. '/' .. id
      end
    end
  end
end
for _, shard in ipairs(shards) do
  if #shard.gone > 0 then redis.call('ZREM', shard.key, unpack(shard.gone)) end
end
for _, user in ipairs(users) do
  if #user.writes > 0 then
    local head = user.head
    if head.settled > SETTLED_MAX then
      redis.call('HSET', user.key, unpack(user.writes))
      make_room(user.key, head, SETTLED_MAX)
      redis.call('HSET', user.key, 'h', head_text(head))
    else
      redis.call('HSET', user.key, 'h', head_text(head), unpack(user.writes))
    end
  end
end
return 1
`;

/**
 * Names of outbox entries by age. Keys: state and outbox of each shard. Arguments: shards, up to which time, from which time on (what a clock
 * that jumped back has made), most of each. Answers of each shard a list of names and times.
 */
export const OUTBOX_SCRIPT = `${SCRIPT_PARTS}
local shards, answer = shards_of(tonumber(ARGV[1])), {}
for i, shard in ipairs(shards) do
  local found = {}
  if shard.usable then
    found = redis.call('ZRANGEBYSCORE', shard.key, '-inf', ARGV[2], 'WITHSCORES', 'LIMIT', 0, ARGV[4])
    local ahead = redis.call('ZRANGEBYSCORE', shard.key, ARGV[3], '+inf', 'WITHSCORES', 'LIMIT', 0, ARGV[4])
    for _, value in ipairs(ahead) do found[#found + 1] = value end
  end
  answer[i] = found
end
return answer
`;
