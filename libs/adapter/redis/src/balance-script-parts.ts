import { ABSENT_SUFFIX, LUA_ASSETS, SETTLED_SUFFIX } from './balance-keys';
import { RECORD_FORMAT, RecordPlace } from './user-record';

/**
 * What the balance store's scripts have in common. Their keys are the states of all shards first, one more of each shard, then those of users.
 *
 * `mastership()` names the life of this data on this server: a random id that Redis changes when it starts, and when a replica is
 * promoted. A shard's state names the one under which it was raised. Another one now means that last writes may be gone, or
 * that this is an older copy: whatever stands in the state, the shard is lost. Looked at within the script, so that nothing happens
 * between the look and the write; and a script that somebody has loaded since does not hide a restart.
 */
export const SCRIPT_PARTS = `
local ASSETS = ${LUA_ASSETS}
local call = redis.call

local function mastership()
  local info = call('INFO', 'replication')
  if not string.find(info, 'role:master', 1, true) then return 'none' end
  -- Not by a pattern, which would be tried at each place of the text.
  local _, last = string.find(info, 'master_replid:', 1, true)
  return last and string.sub(info, last + 1, last + 40) or 'none'
end

-- Of each shard its generation, and a list of those that are lost, from 0. A state is a generation, 1 when it is open, and a mastership.
local function usable_generations(count)
  local good, lost = ' 1 ' .. mastership(), {}
  local found, last, generation = call('MGET', unpack(KEYS, 1, count)), nil, nil
  for i = 1, count do
    local text = found[i]
    -- Most shards were raised together.
    if text and text == last then
      found[i] = generation
    elseif text and string.sub(text, -#good) == good then
      last, generation = text, tonumber(string.sub(text, 1, -1 - #good))
      found[i] = generation
    else
      found[i] = 0
      lost[#lost + 1] = i - 1
    end
  end
  return found, lost
end

-- The same with all that states say.
local function shards_of(count)
  local now, shards, lost = mastership(), {}, {}
  for i, text in ipairs(call('MGET', unpack(KEYS, 1, count))) do
    local generation, open, name = string.match(text or '0 0 none', '^(%d+) (%d) (%w+)$')
    local shard = { key = KEYS[count + i], state = KEYS[i], mastership = now, generation = tonumber(generation),
      continues = name == now, usable = name == now and open == '1' }
    if not shard.usable then lost[#lost + 1] = i - 1 end
    shards[i] = shard
  end
  return shards, lost
end

-- '%d' is a long here: exact on the 64-bit servers that requireRedis asks for.
local function whole(number) return string.format('%d', number) end

-- A user's record as a table: numbers of the head, four of each account, two texts.
local FORMAT, LAST = '${RECORD_FORMAT}', ${RecordPlace.newest}
local GENERATION, AS_OF, ORDER, USED = ${RecordPlace.generation}, ${RecordPlace.asOf}, ${RecordPlace.order}, ${RecordPlace.used}
local ASK_THROUGH, NEWEST = ${RecordPlace.askThrough}, ${RecordPlace.newest}
local function record_of(bytes) return { struct.unpack(FORMAT, bytes) } end
local function bytes_of(record) return struct.pack(FORMAT, unpack(record, 1, LAST)) end
-- The first place of an asset's account, counted from 0.
local function account_at(asset) return ${RecordPlace.account(0)} + 4 * asset end

local SETTLED, ABSENT = '${SETTLED_SUFFIX}', '${ABSENT_SUFFIX}'
-- Stands behind all outbox names of an event id: what is decided must not come behind a user's newest name.
local function behind(id) return id .. '/z' end
`;

/** Drops the older half of a user's settled decisions where they are too many; what is forgotten is asked about from then on. */
export const MAKE_ROOM = `
local function make_room(user, settled_max)
  if call('HLEN', user .. SETTLED) <= settled_max then return end
  local ids = call('HKEYS', user .. SETTLED)
  table.sort(ids)
  local dropped = #ids - math.ceil(settled_max / 2)
  local bytes = call('GET', user)
  if bytes then
    local record = record_of(bytes)
    if ids[dropped] > record[ASK_THROUGH] then record[ASK_THROUGH] = ids[dropped] end
    if behind(ids[dropped]) > record[NEWEST] then record[NEWEST] = behind(ids[dropped]) end
    record[AS_OF] = record[AS_OF] + 1
    call('SET', user, bytes_of(record))
  end
  for from = 1, dropped, 1000 do
    call('HDEL', user .. SETTLED, unpack(ids, from, math.min(from + 999, dropped)))
  end
end
`;
