import { MAKE_ROOM, SCRIPT_PARTS } from './balance-script-parts';

/**
 * How long it is remembered how far a user had come who was evicted, and what the ledger credited to one who is not in place.
 * Far longer than a load takes, so that a step of the server's clock does no harm. Milliseconds.
 */
export const ABSENT_KEEP_MS = 300_000;

/**
 * Puts a user in place, or merges with what is. Keys: state, idle, user. Arguments: generation before the load, as of, ask through,
 * user id, most settled decisions, number of accounts; of each account its asset and counters; of each decision id and text.
 * Answers 1, or 0 when the snapshot is refused.
 */
export const INSTALL_SCRIPT = `${SCRIPT_PARTS}${MAKE_ROOM}
local shards, lost = shards_of(1)
if #lost > 0 then return { lost } end
local generation, key = shards[1].generation, KEYS[3]
if ARGV[1] ~= generation then return { lost, 0 } end

local fields = { 'h', 'g', 'r' }
for _, asset in ipairs(ASSETS) do
  for _, name in ipairs({ '', '.s', '.l' }) do fields[#fields + 1] = asset .. name end
end
local values, user = redis.call('HMGET', key, unpack(fields)), {}
for i, name in ipairs(fields) do user[name] = values[i] or nil end
local head = user.h and head_of(user.h)
if head and head.generation ~= generation then head = nil end
local is_known = head ~= nil
local is_remembered = not is_known and user.g == generation

local accounts, last = {}, 6 + 5 * tonumber(ARGV[6])
for at = 7, last, 5 do
  accounts[ARGV[at]] = { tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2]), tonumber(ARGV[at + 3]), tonumber(ARGV[at + 4]) }
end
if is_remembered then
  for _, asset in ipairs(ASSETS) do
    local seq = tonumber(user[asset .. '.s'] or 0)
    if seq > 0 and seq > (accounts[asset] and accounts[asset][4] or 0) then return { lost, 0 } end
  end
end

local known_ids, writes = {}, {}
if is_known then
  head.as_of = ARGV[2]
  for from = last + 1, #ARGV, 1000 do
    local ids = {}
    for at = from, math.min(from + 998, #ARGV), 2 do ids[#ids + 1] = ARGV[at] end
    for i, value in ipairs(redis.call('HMGET', key, unpack(ids))) do
      if value then known_ids[ids[i]] = true end
    end
  end
else
  head = { generation = generation, as_of = ARGV[2], settled = 0, ask_through = ARGV[3],
    refused = is_remembered and user.r or '0' }
  -- The snapshot may be older than a refusal that was settled before the eviction: no seq tells.
  if head.refused > head.ask_through then head.ask_through = head.refused end
end
for at = last + 1, #ARGV, 2 do
  local id, text = ARGV[at], ARGV[at + 1]
  if not known_ids[id] then
    known_ids[id] = true
    head.settled = head.settled + 1
    writes[#writes + 1] = id
    writes[#writes + 1] = text
    if string.sub(text, 18, 18) == 'r' and id > head.refused then head.refused = id end
  end
end
for _, asset in ipairs(ASSETS) do
  local account, before = accounts[asset], { 0, 0, 0, 0 }
  if is_known then
    if user[asset] then before = account_of(user[asset]) end
  elseif user[asset .. '.l'] then
    before = account_of(user[asset .. '.l'])
    account = account or { 0, 0, 0, 0 }
  end
  if account then
    for i = 1, 4 do account[i] = math.max(before[i], account[i]) end
    writes[#writes + 1] = asset
    writes[#writes + 1] = account_text(account)
  end
end
if not is_known then
  redis.call('DEL', key)
  redis.call('HSET', key, 't', '0 -1')
  redis.call('ZADD', KEYS[2], '-inf', ARGV[4])
end
for from = 1, #writes, 1000 do
  redis.call('HSET', key, unpack(writes, from, math.min(from + 999, #writes)))
end
local settled_max = tonumber(ARGV[5])
if head.settled > settled_max then make_room(key, head, settled_max) end
redis.call('HSET', key, 'h', head_text(head))
return { lost, 1 }
`;

/**
 * Takes over credits. Keys: state and idle of each shard, users. Arguments: shards, users, how long absent users are remembered; of each
 * user her shard; of each account its user, asset, credited and reversed.
 */
export const MERGE_SCRIPT = `${SCRIPT_PARTS}
local SHARDS, USERS = tonumber(ARGV[1]), tonumber(ARGV[2])
local shards = shards_of(SHARDS)
for at = 4 + USERS, #ARGV, 4 do
  local index, asset = tonumber(ARGV[at]), ARGV[at + 1]
  local key, shard = KEYS[2 * SHARDS + index], shards[tonumber(ARGV[3 + index])]
  local values = redis.call('HMGET', key, 'h', asset, asset .. '.l')
  local is_in_place = values[1] and head_of(values[1]).generation == shard.generation
  local field = is_in_place and asset or asset .. '.l'
  local account = account_of(is_in_place and values[2] or (not values[1] and values[3]) or '0 0 0 0')
  account[1] = math.max(account[1], tonumber(ARGV[at + 2]))
  account[2] = math.max(account[2], tonumber(ARGV[at + 3]))
  -- In place under an older generation is not in place.
  if values[1] and not is_in_place then redis.call('DEL', key) end
  redis.call('HSET', key, field, account_text(account))
  if not is_in_place then redis.call('PEXPIRE', key, ARGV[3]) end
end
return 1
`;

/**
 * Accounts of users, who are in use by being read. Keys: state and idle of each shard, users. Arguments: shards, users; of each user her
 * shard and id. Answers of each user the four counters of each asset, or nothing.
 */
export const READ_SCRIPT = `${SCRIPT_PARTS}
local SHARDS, USERS = tonumber(ARGV[1]), tonumber(ARGV[2])
local shards, lost = shards_of(SHARDS)
if #lost > 0 then return { lost } end
local found = {}
for i = 1, USERS do found[i] = redis.call('HMGET', KEYS[2 * SHARDS + i], 'h', 't', unpack(ASSETS)) end
for i = 1, USERS do
  local shard, head = shards[tonumber(ARGV[1 + 2 * i])], found[i][1] and head_of(found[i][1])
  if head and head.generation == shard.generation then
    -- Who has just been read must not leave before she was idle again. Nobody knows the caller's time here: the next look counts.
    local order, used = string.match(found[i][2], '^(%d+) (%S+)$')
    if used ~= '-1' then
      redis.call('HSET', KEYS[2 * SHARDS + i], 't', order .. ' -1')
      redis.call('ZADD', shard.key, '-inf', ARGV[2 + 2 * i])
    end
  else
    found[i] = false
  end
end
return { lost, found }
`;

/**
 * Evicts users of one shard who are idle and have nothing in the outbox. Keys: state, idle, users. Arguments: now, idle time, most
 * to be evicted, how long absent users are remembered, and users' ids. Answers how many were evicted, and how many must
 * stay although they are idle; nothing for a lost shard.
 */
export const EVICT_SCRIPT = `${SCRIPT_PARTS}
local shards = shards_of(1)
local shard = shards[1]
if not shard.usable then return {} end
local now, idle, limit = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local found = {}
for i = 1, #KEYS - 2 do
  found[i] = redis.call('HMGET', KEYS[2 + i], 'h', 't', unpack(ASSETS))
  found[i].size = redis.call('HLEN', KEYS[2 + i])
end
local evicted, kept = 0, 0
for i = 1, #found do
  local key, id, values = KEYS[2 + i], ARGV[4 + i], found[i]
  local head = values[1] and head_of(values[1])
  if not head then
    redis.call('ZREM', shard.key, id)
  elseif head.generation ~= shard.generation then
    redis.call('UNLINK', key)
    redis.call('ZREM', shard.key, id)
  else
    local order, used = string.match(values[2], '^(%d+) (%S+)$')
    used = tonumber(used)
    -- Not used since she was installed or read, or used before the clock jumped back: idle from now on.
    if used < 0 or used > now then
      used = now
      redis.call('HSET', key, 't', order .. ' ' .. ARGV[1])
    end
    -- What is neither head nor account nor settled is in the outbox.
    local pending = values.size - 2 - head.settled
    for at = 1, #ASSETS do if values[2 + at] then pending = pending - 1 end end
    if now - used < idle then
      redis.call('ZADD', shard.key, whole(used), id)
    elseif pending > 0 or evicted >= limit then
      kept = kept + 1
    else
      local mark, matters = { 'g', head.generation, 'r', head.refused }, head.refused ~= '0'
      for at, asset in ipairs(ASSETS) do
        local seq = values[2 + at] and account_of(values[2 + at])[4] or 0
        if seq > 0 then
          matters = true
          mark[#mark + 1] = asset .. '.s'
          mark[#mark + 1] = whole(seq)
        end
      end
      redis.call('UNLINK', key)
      redis.call('ZREM', shard.key, id)
      if matters then
        redis.call('HSET', key, unpack(mark))
        redis.call('PEXPIRE', key, ARGV[4])
      end
      evicted = evicted + 1
    end
  end
end
return { evicted, kept }
`;
