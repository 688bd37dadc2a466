--- The way to Redis for counts that gateways share (fleet.lua).
local _M = {}

local PREFIX = "lockstep:rl:"
-- The very same text as in src/gateway/limits/redis-link.ts, which says why it is so.
local EXCHANGE = [[local last = tonumber(redis.call('GET', KEYS[1]) or 0)
local sequence, gateway = tonumber(ARGV[1]), ARGV[2]
if last >= sequence then return { last } end
redis.call('SET', KEYS[1], ARGV[1], 'PX', 3600000)
local reply = { last, 1 }
for i = 2, #KEYS do
  local own, ttl_ms = tonumber(ARGV[2 * i - 1]), tonumber(ARGV[2 * i])
  local known = redis.call('HMGET', KEYS[i], gateway, '*')
  local before, total = tonumber(known[1] or 0), tonumber(known[2] or 0)
  if own ~= before then
    redis.call('HSET', KEYS[i], gateway, own)
    total = redis.call('HINCRBY', KEYS[i], '*', own - before)
    if redis.call('PTTL', KEYS[i]) < 0 then redis.call('PEXPIRE', KEYS[i], math.max(ttl_ms, 1)) end
  end
  reply[#reply + 1] = total
  reply[#reply + 1] = redis.call('PTTL', KEYS[i])
end
return reply]]

local TIMEOUT_MS = 1000
local KEEPALIVE_MS = 60000

local Link = {}
Link.__index = Link

--- @param settings plugin_attr's `redis`
--- @return nil and why, where they ask for what this resty.redis can't do
function _M.new(settings)
  -- Comes with APISIX; asked for only where it is used.
  local found, redis = pcall(require, "resty.redis")
  if not found then
    return nil, redis
  end
  local tls = settings.tls or false
  if tls and (tonumber(redis._VERSION) or 0) < 0.28 then
    return nil, "this resty.redis knows no TLS"
  end
  local port, database, username = settings.port or 6379, settings.database or 0, settings.username
  return setmetatable({
    redis = redis,
    host = settings.host,
    port = port,
    database = database,
    username = username,
    password = settings.password,
    options = {
      -- A pool of its own: a connection keeps the user and the database it was made for.
      pool = table.concat({ "cdn_defense", settings.host, port, database, username or "", tostring(tls) }, " "),
      ssl = tls,
      ssl_verify = settings.tls_verify ~= false,
      server_name = tls and (settings.tls_server_name or settings.host) or nil,
    },
  }, Link)
end

function Link:introduce(connection)
  local ok, err = true, nil
  if self.password then
    if self.username then
      ok, err = connection:auth(self.username, self.password)
    else
      ok, err = connection:auth(self.password)
    end
  end
  if ok and self.database ~= 0 then
    ok, err = connection:select(self.database)
  end
  return ok, err
end

function Link:connected()
  local connection, err = self.redis:new()
  if not connection then
    return nil, err
  end
  connection:set_timeout(TIMEOUT_MS)
  local ok
  ok, err = connection:connect(self.host, self.port, self.options)
  if ok and connection:get_reused_times() == 0 then
    ok, err = self:introduce(connection)
    if not ok then
      connection:close()
    end
  end
  return ok and connection, err
end

local function ask(connection, name, sequence, part)
  local arguments = { 1 + #part, PREFIX .. "seq:" .. name }
  for _, each in ipairs(part) do
    arguments[#arguments + 1] = PREFIX .. each.key:sub(1, 32)
  end
  arguments[#arguments + 1] = sequence
  arguments[#arguments + 1] = name
  for _, each in ipairs(part) do
    arguments[#arguments + 1] = each.own
    arguments[#arguments + 1] = each.ttl_ms
  end
  connection:eval(EXCHANGE, unpack(arguments))
end

--- One round trip for all parts.
--- @param name under which this node contributes
--- @param first the sequence number of the first part
--- @param parts lists of {key, own, ttl_ms}; `key` is a digest
--- @return a reply for each part, {last, 1, total, ttl_ms, total, ttl_ms, …} or {last} if it came too late;
--- or nil and why: nobody knows then what was carried out
function Link:exchange(name, first, parts)
  local connection, err = self:connected()
  if not connection then
    return nil, err
  end
  connection:init_pipeline(#parts)
  for i, part in ipairs(parts) do
    ask(connection, name, first + i - 1, part)
  end
  local replies
  replies, err = connection:commit_pipeline()
  if not replies then
    connection:close()
    return nil, err
  end
  connection:set_keepalive(KEEPALIVE_MS, 1)
  for i = 1, #parts do
    local reply = replies[i]
    if type(reply) ~= "table" or type(reply[1]) ~= "number" then
      return nil, type(reply) == "table" and reply[2] or "no answer"
    end
  end
  return replies
end

return _M
