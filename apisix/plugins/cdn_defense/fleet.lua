--- Limits of scope `fleet`: what this node counted, and what it last learned of the other gateways through Redis.
-- Requests only read and write the shared dictionary. Exchanges run in timers, one at a time on a node: they tell
-- this node's contributions, which can be told twice or late and stay right, and bring the totals. The embedded
-- gateway does the same (src/gateway/limits/fleet-counters.ts, fleet-exchange.ts, redis-link.ts).
local core = require("apisix.core")
local metrics = require("apisix.plugins.cdn_defense.metrics")
local redis_link = require("apisix.plugins.cdn_defense.redis_link")

local abs, ceil, max, min, random = math.abs, math.ceil, math.max, math.min, math.random
local now = ngx.now

local _M = {}

local GAP_S = 0.02
local PROBE_S = 1
local RETRY_BASE_S, RETRY_MAX_S = 0.05, 1
-- Longer than an exchange takes, so short that a worker that died in one is not waited for.
local LOCK_S = 5
local MENDING_S = 5
local MAX_WANTED, MAX_KEYS, KEYS_PER_PART = 20000, 5000, 250
-- Listing the dictionary locks it: tens of milliseconds when it is large.
local LISTING_S = 5
-- A key's mark outlives this only if its place in the list was lost.
local MARK_S = 10

-- In the dictionary: counts under "fleet ", what the others have under "others ", marks of wanted keys under
-- "want ", and the node's state. It is used once a second at least, so it is the last to be evicted.
local LIST, LEFT_OUT, UNTOLD, LISTED = "fleet:list", "fleet:left_out", "fleet:untold", "fleet:listed"
local LOCK, NEXT, STARTED = "fleet:lock", "fleet:next", "fleet:started"
local NAME, SEQUENCE, CONFIRMED, MENDING = "fleet:name", "fleet:sequence", "fleet:confirmed", "fleet:mending"
local ALONE, FAILURES = "fleet:alone", "fleet:failures"
local OUTCOMES = { done = "fleet:done", failed = "fleet:failed", lost = "fleet:lost" }

local dict, link, sha256
local scheduled, probing = false, false
-- Keys still to be told anew after a loss, by the worker that found it out.
local retold = {}
-- Kept in every worker too: under another name this node's counts would be told a second time.
local own_name

local run

local function schedule(delay_s)
  if not scheduled then
    -- In whole milliseconds, and one at least: nginx's clock stands still while timers that are due run, so that one
    -- which is due at once and waits for the clock would never let go. Refused only to a worker that is about to end.
    scheduled = ngx.timer.at(max(1, ceil(delay_s * 1000)) / 1000, run) ~= nil
  end
end

local function want(key)
  if not dict:add("want " .. key, true, MARK_S) then
    return
  end
  local length = dict:lpush(LIST, key)
  if not length or length > MAX_WANTED then
    dict:rpop(LIST)
    dict:set(LEFT_OUT, true)
  end
  schedule(0)
end

--- The fleet's count as far as it is known here; 0 when there is none.
function _M.get(key)
  want(key)
  return (dict:get("fleet " .. key) or 0) + (dict:get("others " .. key) or 0)
end

--- Adds to this node's contribution and returns the fleet's count as far as it is known here.
function _M.add(key, delta, ttl_s)
  local own = dict:incr("fleet " .. key, delta, 0, ttl_s) or 0
  want(key)
  return own + (dict:get("others " .. key) or 0)
end

local function contribution(key)
  -- The mark goes first: what is counted from here on wants the key anew.
  dict:delete("want " .. key)
  local name = "fleet " .. key
  local own = dict:get(name) or 0
  return { key = key, own = own, ttl_ms = own == 0 and 0 or ceil((dict:ttl(name) or 0) * 1000) }
end

local function take()
  local taken = {}
  while #taken < MAX_KEYS do
    local key = dict:rpop(LIST)
    if not key then
      break
    end
    taken[#taken + 1] = contribution(key)
  end
  while #taken < MAX_KEYS and #retold > 0 do
    taken[#taken + 1] = contribution(table.remove(retold))
  end
  return taken
end

local function tell_all()
  if not dict:add(LISTED, true, LISTING_S) then
    dict:set(LEFT_OUT, true)
    return
  end
  dict:delete(LEFT_OUT)
  retold = {}
  for _, each in ipairs(dict:get_keys(0)) do
    if each:sub(1, 6) == "fleet " then
      retold[#retold + 1] = each:sub(7)
    end
  end
end

local function learn(told, total, ttl_ms, mending)
  local name = "others " .. told.key
  local known = dict:get(name)
  local others = max(0, total - told.own)
  if mending then
    others = max(others, known or 0)
  end
  if others > 0 then
    dict:set(name, others, max(ttl_ms / 1000, known and dict:ttl(name) or 0, 0.001))
  elseif known then
    dict:delete(name)
  end
end

local function name()
  if not own_name then
    local file = io.open("/dev/urandom", "rb")
    local bytes = file and file:read(16) or tostring({})
    if file then
      file:close()
    end
    local made = sha256(table.concat({ ngx.worker.pid(), now(), bytes }, " ")):sub(1, 16)
    dict:add(NAME, made)
    own_name = dict:get(NAME) or made
  end
  dict:add(NAME, own_name)
  return own_name
end

local function parts_of(taken)
  local parts = { {} }
  for i, each in ipairs(taken) do
    if i > 1 and i % KEYS_PER_PART == 1 then
      parts[#parts + 1] = {}
    end
    local part = parts[#parts]
    part[#part + 1] = { key = sha256(each.key), own = each.own, ttl_ms = each.ttl_ms, told = each }
  end
  return parts
end

local function absorb(parts, replies, sequence)
  if replies[1][1] < (dict:get(CONFIRMED) or 0) then
    -- What this node told is no longer there. What it knows of the others stays until they have told it anew.
    dict:set(MENDING, true, MENDING_S)
    metrics.exchange("lost")
    dict:incr(OUTCOMES.lost, 1, 0)
    tell_all()
  end
  local mending = dict:get(MENDING)
  for i, part in ipairs(parts) do
    local reply = replies[i]
    if reply[2] then
      for n, each in ipairs(part) do
        learn(each.told, reply[2 * n + 1], reply[2 * n + 2], mending)
      end
    else
      sequence = max(sequence, reply[1])
      dict:set(SEQUENCE, sequence)
      for _, each in ipairs(part) do
        want(each.told.key)
      end
    end
  end
  dict:set(CONFIRMED, sequence)
end

local function failed(err)
  local failures = dict:incr(FAILURES, 1, 0) or 1
  local wait_s = min(RETRY_MAX_S, RETRY_BASE_S * 2 ^ min(failures, 10))
  dict:set(NEXT, now() + wait_s / 2 + wait_s / 2 * random())
  dict:incr(OUTCOMES.failed, 1, 0)
  metrics.exchange("failed")
  if dict:add(ALONE, true) then
    core.log.warn("cdn_defense: limits of scope fleet are not shared: each gateway grants them by itself: ", err)
  end
end

local function succeeded()
  dict:delete(FAILURES)
  dict:incr(OUTCOMES.done, 1, 0)
  metrics.exchange("done")
  if dict:get(ALONE) then
    dict:delete(ALONE)
    core.log.warn("cdn_defense: limits of scope fleet are shared again")
  end
end

local function exchange()
  -- Set while keys are taken from the list: found by the next one if this worker dies before it put them back.
  if dict:get(UNTOLD) or dict:get(LEFT_OUT) then
    tell_all()
  end
  dict:set(UNTOLD, true)
  local taken = take()
  local parts = parts_of(taken)
  local sequence = dict:incr(SEQUENCE, #parts, 0)
  local replies, err = link:exchange(name(), sequence - #parts + 1, parts)
  if replies then
    absorb(parts, replies, sequence)
    succeeded()
  else
    for _, each in ipairs(taken) do
      want(each.key)
    end
    failed(err)
  end
  dict:delete(UNTOLD)
end

local function waiting()
  return (dict:llen(LIST) or 0) > 0 or #retold > 0 or dict:get(LEFT_OUT)
end

function run(premature)
  scheduled = false
  if premature or not link then
    return
  end
  local at = now()
  if not waiting() and abs(at - (dict:get(STARTED) or 0)) < PROBE_S then
    return
  end
  local rest = (dict:get(NEXT) or 0) - at
  -- More than that, and the clock has been set back.
  if rest > 0 and rest <= RETRY_MAX_S then
    return schedule(rest)
  end
  if not dict:add(LOCK, ngx.worker.pid(), LOCK_S) then
    return schedule(GAP_S)
  end
  dict:set(STARTED, at)
  dict:set(NEXT, at + GAP_S)
  local ok, err = pcall(exchange)
  if not ok then
    failed(err)
  end
  dict:delete(LOCK)
  if waiting() then
    ngx.update_time()
    schedule((dict:get(NEXT) or 0) - now())
  end
end

local function probe(premature)
  if not premature then
    schedule(0)
  end
end

--- Begins to share, or with other settings than before, or (without settings) ends.
--- @param shared the dictionary in which the workers of this node count together
--- @param settings plugin_attr's `redis`, or nil
--- @param digest SHA-256 in hex: Redis is not shown the engine's keys, which name addresses
--- @return whether counts are to be shared; Redis need not be there yet
function _M.configure(shared, settings, digest)
  dict, sha256, link = shared, digest, nil
  if not settings then
    return false
  end
  local err
  link, err = redis_link.new(settings)
  if not link then
    core.log.error("cdn_defense: limits of scope fleet are not shared: ", err)
    return false
  end
  -- A reload of the plugin keeps this module, and so its timer.
  if not probing then
    probing = ngx.timer.every(PROBE_S, probe) ~= nil
  end
  schedule(0)
  return true
end

--- Whether limits are shared, of all workers of this node together; nil where they are not to be.
function _M.status()
  if not link then
    return nil
  end
  local counts = {}
  for outcome, name_of in pairs(OUTCOMES) do
    counts[outcome] = dict:get(name_of) or 0
  end
  return { shared = counts.done > 0 and not dict:get(ALONE), exchanges = counts }
end

return _M
