--- The engine's host on OpenResty: clock, hashes, patterns and counters of nginx.
local resty_hmac = require("resty.hmac")
local resty_sha256 = require("resty.sha256")
local resty_string = require("resty.string")

local find = ngx.re.find
local now = ngx.now

local _M = {}

-- "$" is the very end for the engine. For PCRE it is also before a last line break, and ngx.re has no option for it.
local VERY_END = "(?![\\x00-\\xff])"

local function end_only(pattern)
  local out, in_set, at = {}, false, 1
  while at <= #pattern do
    local char = pattern:sub(at, at)
    if char == "\\" then
      out[#out + 1] = pattern:sub(at, at + 1)
      at = at + 2
    else
      if char == "[" then
        in_set = true
      elseif char == "]" then
        in_set = false
      elseif char == "$" and not in_set then
        char = VERY_END
      end
      out[#out + 1] = char
      at = at + 1
    end
  end
  return table.concat(out)
end

local translated = {}

-- An error of the matcher (a limit reached) counts as a match: what cannot be looked at is suspect.
local function match(pattern, subject)
  local pcre = translated[pattern]
  if not pcre then
    pcre = end_only(pattern)
    translated[pattern] = pcre
  end
  local from, _, err = find(subject, pcre, "jo")
  return from ~= nil or err ~= nil
end

-- One object per key, reused: making one costs more than a digest.
local hmacs = {}

local function hmac_sha256(key, message)
  local hmac = hmacs[key]
  if not hmac then
    hmac = assert(resty_hmac:new(key, resty_hmac.ALGOS.SHA256))
    hmacs[key] = hmac
  end
  hmac:update(message)
  local digest = hmac:final(nil, true)
  hmac:reset()
  return digest
end

local function sha256(message)
  local hash = resty_sha256:new()
  hash:update(message)
  return resty_string.to_hex(hash:final())
end

_M.sha256 = sha256

local said = false

local function say_unshared()
  if not said then
    said = true
    ngx.log(ngx.WARN, "cdn_defense: a limit of scope fleet is granted by each gateway: this one was given no Redis")
  end
end

--- @param dict a shared dictionary, so that the workers of a node count together
--- @param fleet counts that the gateways share; without it each grants a limit of scope `fleet` by itself
function _M.new(dict, fleet)
  return {
    now = function()
      return math.floor(now() * 1000)
    end,
    hmac_sha256 = hmac_sha256,
    sha256 = sha256,
    match = match,
    lower = string.lower,
    counter_get = function(scope, key)
      if fleet and scope == "fleet" then
        return fleet.get(key)
      end
      return dict:get(scope .. " " .. key) or 0
    end,
    counter_incr = function(scope, key, delta, ttl_s)
      if scope == "fleet" then
        if fleet then
          return fleet.add(key, delta, ttl_s)
        end
        say_unshared()
      end
      -- A full dictionary evicts; one that cannot even do that must not stop the site.
      return dict:incr(scope .. " " .. key, delta, 0, ttl_s) or 0
    end,
  }
end

return _M
