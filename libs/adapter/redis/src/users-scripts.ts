import { MAKE_ROOM, SCRIPT_PARTS } from './balance-script-parts';

/**
 * How long it is remembered how far a user had come who was evicted, and what the ledger credited to one who is not in place.
 * Far longer than a load takes, so that a step of the server's clock does no harm. Milliseconds.
 */
export const ABSENT_KEEP_MS = 300_000;

/** Longest outbox that is looked through for the users in it. Nobody leaves a shard with a longer one: there the ledger is far behind. */
export const EVICT_OUTBOX_MAX = 20_000;

/**
 * Puts a user in place, or merges with what is. Keys: state, idle, user. Arguments: generation before the load, as of, ask through,
 * user id, most settled decisions, number of accounts; of each account its asset's place and counters; of each decision id and text.
 * Answers 1, or 0 when the snapshot is refused.
 */
export const INSTALL_SCRIPT = `${SCRIPT_PARTS}${MAKE_ROOM}
local shards, lost = shards_of(1)
if #lost > 0 then return { lost } end
local generation, key = shards[1].generation, KEYS[3]
if tonumber(ARGV[1]) ~= generation then return { lost, 0 } end

local bytes = call('MGET', key)[1]
local user = bytes and record_of(bytes)
if user and user[GENERATION] ~= generation then user = nil end
local is_new, absent = not user, {}
if is_new then
  local values = call('HGETALL', key .. ABSENT)
  for i = 1, #values, 2 do absent[values[i]] = values[i + 1] end
  user = { generation, 0, 0, -1 }
  for asset = 0, #ASSETS - 1 do
    local credited, reversed = string.match(absent[ASSETS[asset + 1] .. '.l'] or '', '^(%d+) (%d+)$')
    local at = account_at(asset)
    user[at], user[at + 1], user[at + 2] = tonumber(credited or 0), tonumber(reversed or 0), 0
    user[at + 3] = credited and 0 or -1
  end
  user[ASK_THROUGH] = ARGV[3]
  if tonumber(absent.g) == generation then
    -- The snapshot may be older than a refusal that was settled before she left: no seq tells.
    local newest = string.sub(absent.n, 1, 36)
    if newest > user[ASK_THROUGH] then user[ASK_THROUGH] = newest end
  end
  user[NEWEST] = behind(user[ASK_THROUGH])
end
user[AS_OF] = tonumber(ARGV[2])

local last, debited = 6 + 5 * tonumber(ARGV[6]), {}
for at = 7, last, 5 do
  local asset = tonumber(ARGV[at])
  local account = account_at(asset)
  debited[asset] = tonumber(ARGV[at + 3])
  for i = 0, 3 do user[account + i] = math.max(user[account + i], tonumber(ARGV[at + 1 + i])) end
end
if tonumber(absent.g) == generation then
  -- Not by seq: the ledger may have applied the newest debit before one that was decided earlier.
  for asset = 0, #ASSETS - 1 do
    if tonumber(absent[ASSETS[asset + 1] .. '.d'] or 0) > (debited[asset] or 0) then return { lost, 0 } end
  end
end
for at = last + 1, #ARGV, 2 do
  if behind(ARGV[at]) > user[NEWEST] then user[NEWEST] = behind(ARGV[at]) end
end

call('SET', key, bytes_of(user))
if is_new then
  call('UNLINK', key .. SETTLED, key .. ABSENT)
  call('ZADD', KEYS[2], '-inf', ARGV[4])
end
for from = last + 1, #ARGV, 1000 do
  call('HSET', key .. SETTLED, unpack(ARGV, from, math.min(from + 999, #ARGV)))
end
if #ARGV > last then make_room(key, tonumber(ARGV[5])) end
return { lost, 1 }
`;

/**
 * Takes over credits. Keys: states, idle of each shard, users. Arguments: shards, users, how long absent users are remembered; of each
 * user her shard; of each account its user, asset's place, credited and reversed.
 */
export const MERGE_SCRIPT = `${SCRIPT_PARTS}
local SHARDS, USERS = tonumber(ARGV[1]), tonumber(ARGV[2])
local shards, users = shards_of(SHARDS), call('MGET', unpack(KEYS, 2 * tonumber(ARGV[1]) + 1))
for i = 1, USERS do
  local record = users[i] and record_of(users[i])
  users[i] = record and record[GENERATION] == shards[tonumber(ARGV[3 + i])].generation and record
end
local changed = {}
for at = 4 + USERS, #ARGV, 4 do
  local index, asset = tonumber(ARGV[at]), tonumber(ARGV[at + 1])
  local credited, reversed = tonumber(ARGV[at + 2]), tonumber(ARGV[at + 3])
  local user, key = users[index], KEYS[2 * SHARDS + index]
  if user then
    local account = account_at(asset)
    local is_behind = credited > user[account] or reversed > user[account + 1] or user[account + 3] < 0
    if is_behind then changed[index] = true end
    user[account], user[account + 1] = math.max(user[account], credited), math.max(user[account + 1], reversed)
    user[account + 3] = math.max(user[account + 3], 0)
  else
    local field = ASSETS[asset + 1] .. '.l'
    local c, r = string.match(call('HGET', key .. ABSENT, field) or '0 0', '^(%d+) (%d+)$')
    call('HSET', key .. ABSENT, field, string.format('%d %d', math.max(tonumber(c), credited), math.max(tonumber(r), reversed)))
    call('PEXPIRE', key .. ABSENT, ARGV[3])
  end
end
for index in pairs(changed) do call('SET', KEYS[2 * SHARDS + index], bytes_of(users[index])) end
return 1
`;

/**
 * Accounts of users, who are in use by being read. Keys: states, idle of each shard, users. Arguments: shards, users; of each user her
 * shard and id. Answers of each user the numbers of her accounts, or nothing.
 */
export const READ_SCRIPT = `${SCRIPT_PARTS}
local SHARDS, USERS = tonumber(ARGV[1]), tonumber(ARGV[2])
local generations, lost = usable_generations(SHARDS)
if #lost > 0 then return { lost } end
local found = call('MGET', unpack(KEYS, 2 * SHARDS + 1))
for i = 1, USERS do
  local shard, user = tonumber(ARGV[1 + 2 * i]), found[i] and record_of(found[i])
  if user and user[GENERATION] == generations[shard] then
    -- Who has just been read must not leave before she was idle again. Nobody knows the caller's time here: the next look counts.
    if user[USED] ~= -1 then
      user[USED] = -1
      call('SET', KEYS[2 * SHARDS + i], bytes_of(user))
      call('ZADD', KEYS[SHARDS + shard], '-inf', ARGV[2 + 2 * i])
    end
    -- As text: clients read the largest whole numbers wrong.
    local numbers = {}
    for at = account_at(0), ASK_THROUGH - 1 do numbers[#numbers + 1] = whole(user[at]) end
    found[i] = numbers
  else
    found[i] = false
  end
end
return { lost, found }
`;

/**
 * Evicts users of one shard who are idle and have nothing in the outbox. Keys: state, idle, outbox, users. Arguments: now, idle time, most
 * to be evicted, how long absent users are remembered, and users' ids. Answers how many were evicted, and how many must
 * stay although they are idle; nothing for a lost shard.
 */
export const EVICT_SCRIPT = `${SCRIPT_PARTS}
local shard = shards_of(1)[1]
if not shard.usable then return {} end
local now, idle, limit = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local found, pending = call('MGET', unpack(KEYS, 4)), nil
local is_long = call('HLEN', KEYS[3]) > ${EVICT_OUTBOX_MAX}
local function is_pending(id)
  if is_long then return true end
  if not pending then
    pending = {}
    for _, field in ipairs(call('HKEYS', KEYS[3])) do pending[string.sub(field, 38)] = true end
  end
  return pending[id]
end
local evicted, kept = 0, 0
for i = 1, #KEYS - 3 do
  local key, id, user = KEYS[3 + i], ARGV[4 + i], found[i] and record_of(found[i])
  if not user then
    call('ZREM', shard.key, id)
  elseif user[GENERATION] ~= shard.generation then
    call('UNLINK', key, key .. SETTLED)
    call('ZREM', shard.key, id)
  else
    -- Not used since she was installed or read, or used before the clock jumped back: idle from now on.
    if user[USED] < 0 or user[USED] > now then
      user[USED] = now
      call('SET', key, bytes_of(user))
    end
    if now - user[USED] < idle then
      call('ZADD', shard.key, whole(user[USED]), id)
    elseif evicted >= limit or is_pending(id) then
      kept = kept + 1
    else
      local mark = { 'g', whole(user[GENERATION]), 'n', user[NEWEST] }
      local matters = user[ORDER] > 0 or user[NEWEST] ~= behind(user[ASK_THROUGH])
      for asset = 0, #ASSETS - 1 do
        local debited = user[account_at(asset) + 2]
        if debited > 0 then
          matters = true
          mark[#mark + 1] = ASSETS[asset + 1] .. '.d'
          mark[#mark + 1] = whole(debited)
        end
      end
      call('UNLINK', key, key .. SETTLED, key .. ABSENT)
      call('ZREM', shard.key, id)
      if matters then
        call('HSET', key .. ABSENT, unpack(mark))
        call('PEXPIRE', key .. ABSENT, ARGV[4])
      end
      evicted = evicted + 1
    end
  end
end
return { evicted, kept }
`;
