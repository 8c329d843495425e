import { SCRIPT_PARTS } from './balance-script-parts';

/** Most decisions of one call of the debit script: it is unpacked onto the stack of Lua, and keeps others waiting. */
export const DEBIT_CALL_MAX = 500;

/** How the debit script names its answers. Each has two numbers or texts with it. */
export const DebitCode = {
  /** Balance after it, seq. */
  applied: 1,
  /** Balance. */
  refused: 2,
  /** The stored decision. */
  known: 3,
  miss: 4,
  /** As of. */
  askLedger: 5,
  /** Balance. */
  insufficient: 6,
  backlog: 7,
} as const;

/** Bits of a request's flags. */
export const DebitFlag = { executable: 1, refusalIsFinal: 2 } as const;

/**
 * Decides requests in their order. Keys: state and outbox of each shard, users. Arguments: shards, users, most outbox entries of a shard; of
 * each user her shard and id; of each request its user, event id, fingerprint, flags, amount, asset, as of, time and event.
 *
 * All reads come before all writes, and what could fail (a key of another kind, no memory, no right to write) fails in a read or at the
 * first write: Redis does not roll back. Numbers are exact below 2^53 and written by '%d'.
 */
export const DEBIT_SCRIPT = `${SCRIPT_PARTS}
local call = redis.call
local SHARDS, USERS, OUTBOX_MAX = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local shards, lost = shards_of(SHARDS)
if #lost > 0 then return { lost } end
local generations = {}
for i = 1, SHARDS do
  local shard = shards[i]
  shard.size = call('ZCARD', shard.key)
  shard.added = {}
  generations[i] = tonumber(shard.generation)
end

local users, known = {}, {}
local first = 4 + 2 * USERS
for at = first, #ARGV, 9 do
  local index, asset = tonumber(ARGV[at]), ARGV[at + 5]
  local user, key = users[index], KEYS[2 * SHARDS + index]
  local values = call('HMGET', key, 'h', asset, ARGV[at + 1], 't')
  if not user then
    local shard = shards[tonumber(ARGV[2 + 2 * index])]
    user = { key = key, shard = shard }
    users[index] = user
    local head, generation = values[1], shard.generation
    if head and string.sub(head, 1, #generation + 1) == generation .. ' ' then
      local order, used = string.match(values[4], '^(%d+) (%S+)$')
      user.head, user.order, user.used, user.ask_through = head, tonumber(order), used, string.sub(head, -36)
    end
  else
    user.made = user.made or {}
  end
  if user.head and not user[asset] then user[asset] = account_of(values[2] or '0 0 0 0') end
  if user.head and not values[2] then user[asset].missing = true end
  known[at] = values[3]
end

local function decide(at)
  local index = tonumber(ARGV[at])
  local user, event_id, flags = users[index], ARGV[at + 1], tonumber(ARGV[at + 3])
  local head, key, shard = user.head, user.key, user.shard
  local executable = flags % 2 == 1
  if not head then
    if executable then return 4, 0, 0 end
    return 5, 0, 0
  end
  local now, text = ARGV[at + 7], known[at] or (user.made and user.made[event_id])
  local code, first_value, second_value, asset = 3, text, 0, ARGV[at + 5]
  local account, amount = user[asset], tonumber(ARGV[at + 4])
  local balance = account[1] - account[2] - account[3]
  local applies = balance >= amount and not account.missing
  if not text then
    if not executable or (event_id <= user.ask_through and ARGV[at + 6] ~= head_of(head).as_of) then
      code, first_value = 5, tonumber(head_of(head).as_of)
    elseif not applies and flags < 2 then
      code, first_value = 6, balance
    elseif shard.size >= OUTBOX_MAX then
      code, first_value = 7, 0
    end
  end
  if text or code > 3 then
    if user.used ~= now then
      user.used = now
      call('HSET', key, 't', whole(user.order) .. ' ' .. now)
    end
    return code, first_value, 0
  end
  user.used, user.order, shard.size = now, user.order + 1, shard.size + 1
  local outcome = 'r'
  if applies then
    balance, outcome = balance - amount, 'a'
    account[3], account[4] = account[3] + amount, account[4] + 1
    code, second_value = 1, account[4]
  else
    code = 2
  end
  local order = whole(user.order)
  text = string.format('P%s%s%d;%d;%s;%s;%s;', ARGV[at + 2], outcome, balance, second_value, shard.generation, now,
    order) .. ARGV[at + 8]
  if user.made then user.made[event_id] = text end
  local added = shard.added
  added[#added + 1] = now
  added[#added + 1] = ARGV[3 + 2 * index] .. '/' .. event_id
  if applies then
    call('HSET', key, 't', order .. ' ' .. now, asset, account_text(account), event_id, text)
  else
    local refusing = head_of(head)
    if event_id > refusing.refused then
      refusing.refused = event_id
      user.head = head_text(refusing)
    end
    call('HSET', key, 't', order .. ' ' .. now, 'h', user.head, event_id, text)
  end
  return code, balance, second_value
end

local results = {}
for at = first, #ARGV, 9 do
  local n = #results
  results[n + 1], results[n + 2], results[n + 3] = decide(at)
end
for i = 1, SHARDS do
  local shard = shards[i]
  if #shard.added > 0 then call('ZADD', shard.key, unpack(shard.added)) end
end
return { lost, generations, results }
`;
