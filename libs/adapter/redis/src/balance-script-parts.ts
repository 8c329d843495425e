import { LUA_ASSETS } from './balance-keys';

/**
 * What the balance store's scripts have in common. They get the state and one more key of each shard first, users' keys after them.
 *
 * `mastership()` names the life of this data on this server: a random id that Redis changes when it starts, and when a replica is
 * promoted. A shard's state names the one under which it was raised. Another one now means that last writes may be gone, or
 * that this is an older copy: whatever stands in the state, the shard is lost. Looked at within the script, so that nothing happens
 * between the look and the write; and a script that somebody has loaded since does not hide a restart.
 */
export const SCRIPT_PARTS = `
local ASSETS = ${LUA_ASSETS}

local function mastership()
  local info = redis.call('INFO', 'replication')
  if not string.find(info, 'role:master', 1, true) then return 'none' end
  -- Not by a pattern, which would be tried at each place of the text.
  local _, last = string.find(info, 'master_replid:', 1, true)
  return last and string.sub(info, last + 1, last + 40) or 'none'
end

-- A state is a generation, 1 when it is open, and a mastership.
local function shards_of(count)
  local now, shards, lost = mastership(), {}, {}
  local good = ' 1 ' .. now
  for i = 1, count do
    local text = redis.call('GET', KEYS[2 * i - 1]) or '0 0 none'
    local shard = { key = KEYS[2 * i], state = KEYS[2 * i - 1], mastership = now }
    if string.sub(text, -#good) == good then
      shard.generation, shard.usable, shard.continues = string.sub(text, 1, -1 - #good), true, true
    else
      local generation, name = string.match(text, '^(%d+) %d (%w+)$')
      shard.generation, shard.continues = generation, name == now
      lost[#lost + 1] = i - 1
    end
    shards[i] = shard
  end
  return shards, lost
end

-- '%d' is a long here: exact on the 64-bit servers that requireRedis asks for.
local function whole(number) return string.format('%d', number) end

-- What a user's hash has under 'h': see UserHead. It changes seldom: what each decision changes stands under 't'.
local function head_of(text)
  local g, n, m, r, a = string.match(text, '^(%d+) (%d+) (%d+) (%S+) (%S+)$')
  return { generation = g, as_of = n, settled = tonumber(m), refused = r, ask_through = a }
end
local function head_text(head)
  return string.format('%s %s %d %s %s', head.generation, head.as_of, head.settled, head.refused, head.ask_through)
end

-- What it has under the name of an asset: credited, reversed, debited, seq.
local function account_of(text)
  local c, r, d, s = string.match(text, '^(%d+) (%d+) (%d+) (%d+)$')
  return { tonumber(c), tonumber(r), tonumber(d), tonumber(s) }
end
local function account_text(account)
  return string.format('%d %d %d %d', account[1], account[2], account[3], account[4])
end
`;

/** Drops the older half of a user's settled decisions; what is forgotten is asked about from then on. Changes `head` only. */
export const MAKE_ROOM = `
local function make_room(user, head, settled_max)
  local all, ids = redis.call('HGETALL', user), {}
  for i = 1, #all, 2 do
    if #all[i] == 36 and string.sub(all[i + 1], 1, 1) == 'S' then ids[#ids + 1] = all[i] end
  end
  table.sort(ids)
  local keep = math.min(#ids, math.ceil(settled_max / 2))
  local dropped = #ids - keep
  head.settled = keep
  if dropped < 1 then return end
  for from = 1, dropped, 1000 do
    redis.call('HDEL', user, unpack(ids, from, math.min(from + 999, dropped)))
  end
  if ids[dropped] > head.ask_through then head.ask_through = ids[dropped] end
  head.as_of = whole(tonumber(head.as_of) + 1)
end
`;
