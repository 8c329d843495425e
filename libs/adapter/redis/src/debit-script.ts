import { SCRIPT_PARTS } from './balance-script-parts';

/** Most decisions of one call of the debit script: its values are unpacked onto the stack of Lua, and it keeps others waiting. */
export const DEBIT_CALL_MAX = 500;

/** The second of the two values with which the debit script answers a request: the seq of one that applies, or one of these. */
export const DebitCode = {
  /** With the balance. */
  refused: 0,
  /** With the stored decision, from the outbox. */
  pending: -1,
  /** With the stored decision, of one that is settled. */
  settled: -2,
  miss: -3,
  /** With the as of. */
  askLedger: -4,
  /** With the balance. */
  insufficient: -5,
  backlog: -6,
} as const;

/** Parts of the number that says what a request wants; an asset's place times `asset` is added to it. */
export const DebitWant = { executable: 1, refusalIsFinal: 2, absentAsOf: 4, asset: 8 } as const;

/** Arguments of a request. */
export const DEBIT_REQUEST_SIZE = 5;

/**
 * Decides requests in their order. Keys: states, outboxes, users. Arguments: shards, users, most outbox entries of a shard, time; of each user
 * her shard; of each request its user, outbox field, what it wants, amount, and what is kept of it (after as of and a space, if it has
 * one). Answers with lost shards, generations, and two values of each request.
 *
 * All reads come before all writes, and what could fail (a key of another kind, no memory, no right to write) fails in a read or at the
 * first write: Redis does not roll back. Numbers are exact below 2^53 and written by '%d'. Commands are few: one reads all
 * users, one writes them, and two go to each shard. What is not newer than all of before is looked up one by one.
 */
export const DEBIT_SCRIPT = `${SCRIPT_PARTS}
local SHARDS, USERS, OUTBOX_MAX, NOW = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local generations, lost = usable_generations(SHARDS)
if #lost > 0 then return { lost } end
local sizes, added = {}, {}
for i = 1, SHARDS do
  sizes[i], added[i] = call('HLEN', KEYS[SHARDS + i]), {}
end
local users, shard_of = call('MGET', unpack(KEYS, 2 * SHARDS + 1)), {}
for i = 1, USERS do
  local bytes, shard = users[i], tonumber(ARGV[4 + i])
  shard_of[i] = shard
  if bytes then
    local record = record_of(bytes)
    users[i] = record[GENERATION] == generations[shard] and record
  end
end

local results, count, format = {}, 0, string.format
local function known(index, field)
  local shard = shard_of[index]
  local list = added[shard]
  for at = 1, #list, 2 do
    if list[at] == field then return list[at + 1], ${DebitCode.pending} end
  end
  local text = call('HGET', KEYS[SHARDS + shard], field)
  if text then return text, ${DebitCode.pending} end
  return call('HGET', KEYS[2 * SHARDS + index] .. SETTLED, string.sub(field, 1, 36)), ${DebitCode.settled}
end

local function decide(index, field, want, amount, kept)
  local user = users[index]
  local flags = want % 8
  local executable = flags % 2 == 1
  if not user then
    if executable then return 0, ${DebitCode.miss} end
    return 0, ${DebitCode.askLedger}
  end
  user[USED] = NOW
  local as_of
  if flags >= 4 then as_of, kept = string.match(kept, '^(%d+) (.*)$') end
  if field <= user[NEWEST] then
    local text, where = known(index, field)
    if text then return text, where end
    if string.sub(field, 1, 36) <= user[ASK_THROUGH] and tonumber(as_of) ~= user[AS_OF] then executable = false end
  end
  if not executable then return user[AS_OF], ${DebitCode.askLedger} end
  local account, shard = account_at((want - flags) / 8), shard_of[index]
  local balance = user[account] - user[account + 1] - user[account + 2]
  local applies = balance >= amount
  if not applies and flags % 4 < 2 then return balance, ${DebitCode.insufficient} end
  if sizes[shard] >= OUTBOX_MAX then return 0, ${DebitCode.backlog} end
  local outcome, seq, order = 'r', 0, user[ORDER] + 1
  if applies then
    balance, outcome, seq = balance - amount, 'a', user[account + 3] + 1
    user[account + 2], user[account + 3] = user[account + 2] + amount, seq
  end
  user[ORDER], sizes[shard] = order, sizes[shard] + 1
  if field > user[NEWEST] then user[NEWEST] = field end
  local list = added[shard]
  local n = #list
  list[n + 1], list[n + 2] = field, format('%s%d;%d;%d;%s', outcome, balance, seq, order, kept)
  return balance, seq
end

for at = 5 + USERS, #ARGV, ${DEBIT_REQUEST_SIZE} do
  results[count + 1], results[count + 2] = decide(tonumber(ARGV[at]), ARGV[at + 1], tonumber(ARGV[at + 2]),
    tonumber(ARGV[at + 3]), ARGV[at + 4])
  count = count + 2
  -- As text: clients read the largest whole numbers wrong.
  local value = results[count - 1]
  if type(value) == 'number' and value > 9e15 then results[count - 1] = whole(value) end
end

local writes, n = {}, 0
for i = 1, USERS do
  if users[i] then
    writes[n + 1], writes[n + 2] = KEYS[2 * SHARDS + i], bytes_of(users[i])
    n = n + 2
  end
end
if n > 0 then call('MSET', unpack(writes)) end
for i = 1, SHARDS do
  if added[i][1] then call('HSET', KEYS[SHARDS + i], unpack(added[i])) end
end
return { lost, generations, results }
`;
