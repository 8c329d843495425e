import type { RateLimitAlgorithm } from '@giftmesh/mesh-rate-limit';

/** Milliseconds with fractions, as an expression of Lua: the server's own time, the same for all who ask it. */
export const SERVER_TIME = `(function() local t = redis.call('TIME') return t[1] * 1000 + t[2] / 1000 end)()`;

/**
 * The script of an algorithm: the arithmetic of the decider of the same name in @giftmesh/mesh-rate-limit. KEYS[1] is the limit's key; ARGV
 * is permits of the limit, its window in ms, its burst, and the permits wanted (never above what the limit gives at once). Answers
 * {1 if they were taken, permits remaining, ms until the same request succeeds}.
 *
 * The server's wall clock may step back. By less than a window, time stands still for a key; by more, the key starts anew.
 * @param nowMs an expression of Lua.
 */
export function rateLimitScript(algorithm: RateLimitAlgorithm, nowMs = SERVER_TIME): string {
  return `${prologue(nowMs)}\n${BODIES[algorithm]}`;
}

// Numbers are written with all their digits: Lua's own conversion keeps 14.
const prologue = (nowMs: string): string => `
local key, limit, window, burst, wanted = KEYS[1], tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local ROUNDING = 0.001
local real = ${nowMs}
local now = real
local function text(number) return string.format('%.17g', number) end
local function answer(allowed, remaining, at)
  if allowed then return {1, remaining, 0} end
  return {0, remaining, math.max(1, math.ceil(at - real - ROUNDING))}
end
local function expire(at) redis.call('PEXPIRE', key, math.ceil(at - real) + 1) end
`;

const WINDOWS = `
local state = redis.call('HMGET', key, 'window', 'count', 'before')
local stored, count, before = tonumber(state[1]), tonumber(state[2]) or 0, tonumber(state[3]) or 0
local current = math.floor((now + ROUNDING) / window)
if stored == current + 1 then
  current = stored
  now = stored * window
elseif stored ~= current then
  before = stored == current - 1 and count or 0
  count = 0
end
`;

const BUCKETS = `
local permit = window / limit
local paid = tonumber(redis.call('GET', key) or '') or -math.huge
local function keep() redis.call('SET', key, text(paid), 'PX', math.ceil(paid - real) + 1) end
-- More than this nobody can owe: the clock stepped back, or the bucket became smaller.
local most = now + burst * permit
if paid > most then
  paid = most
  keep()
end
local function pay()
  paid = math.max(paid, now) + wanted * permit
  keep()
end
`;

const BODIES: Readonly<Record<RateLimitAlgorithm, string>> = {
  'fixed-window': `${WINDOWS}
local allowed = count + wanted <= limit
if allowed then
  count = count + wanted
  redis.call('HSET', key, 'window', current, 'count', count)
  expire((current + 1) * window)
end
return answer(allowed, math.max(0, limit - count), (current + 1) * window)`,

  'sliding-window': `${WINDOWS}
local function earliest()
  local older, newer = before, count
  local index = current
  while true do
    local finish = (index + 1) * window
    local room = limit - newer - wanted
    if room >= 0 then
      local from = math.max(now, index * window)
      local free = older == 0 and from or math.max(from, finish - room / older * window)
      if free + ROUNDING < finish then return free end
    end
    older, newer, index = newer, 0, index + 1
  end
end
local at = earliest()
local allowed = at - now <= ROUNDING
if allowed then
  count = count + wanted
  redis.call('HSET', key, 'window', current, 'count', count, 'before', before)
  expire((current + 2) * window)
end
local left = math.max(0, ((current + 1) * window - now - ROUNDING) / window)
return answer(allowed, math.max(0, math.floor(limit - count - before * left)), at)`,

  // A list of grants, the oldest first: 'time:permits before it:permits with it', the permits counted since the list began.
  'sliding-log': `
local function grant(index)
  local entry = redis.call('LINDEX', key, index)
  if not entry then return nil end
  local at, from, to = string.match(entry, '^(.-):(.-):(.-)$')
  return {at = tonumber(at), from = tonumber(from), to = tonumber(to)}
end
local last = grant(-1)
if last and last.at > now then
  if last.at - now < window then
    now = last.at
  else
    redis.call('DEL', key)
    last = nil
  end
end
-- The first of the grants in [low, high) that is as wanted, high when none is; those that are stand behind those that are not.
local function first(low, high, is)
  while low < high do
    local middle = math.floor((low + high) / 2)
    if is(grant(middle)) then high = middle else low = middle + 1 end
  end
  return low
end
local length = last and redis.call('LLEN', key) or 0
local live = first(0, length, function(each) return each.at + window > now + ROUNDING end)
if live > 0 then redis.call('LTRIM', key, live, -1) end
length = length - live
local oldest = length > 0 and grant(0) or nil
local from = oldest and oldest.from or 0
local total = oldest and last.to - from or 0
local excess = total + wanted - limit
local at = now
if excess > 0 then
  local index = first(0, length, function(each) return each.to - from >= excess end)
  at = grant(index).at + window
end
local allowed = at - now <= ROUNDING
if allowed then
  local base = oldest and last.to or 0
  redis.call('RPUSH', key, text(now) .. ':' .. text(base) .. ':' .. text(base + wanted))
  expire(now + window)
  total = total + wanted
end
return answer(allowed, math.max(0, limit - total), at)`,

  'leaky-bucket': `${BUCKETS}
local at = math.max(now, paid)
local allowed = at - now <= ROUNDING
if allowed then pay() end
return answer(allowed, paid <= now + ROUNDING and burst or 0, at)`,

  'token-bucket': `${BUCKETS}
local at = math.max(now, paid - (burst - wanted) * permit)
local allowed = at - now <= ROUNDING
if allowed then pay() end
local owed = math.max(0, paid - now - ROUNDING)
return answer(allowed, math.max(0, math.floor(burst - owed / permit)), at)`,
};
