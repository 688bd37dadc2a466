--- What is wrong with an object under /cdn_defense/, by the same rules as the embedded gateway's
-- (src/gateway/defense/defense-check.ts): APISIX keeps the one before then, where the engine alone would fall back to defaults.
-- No JSON schema: its messages quote what they refuse, and can't tell an address from other text.
local engine = require("apisix.plugins.cdn_defense.engine")

local CIDRS_MAX = 256
local CIDR_LENGTH_MAX = 49
local COUNT_MAX = 1000000000
local WINDOW_MAX_S = 86400

local function is_boolean(value)
  return type(value) == "boolean"
end

local function integer(least, most)
  return function(value)
    return type(value) == "number" and value >= least and value <= most and value % 1 == 0
  end
end

local function one_of(...)
  local known = {}
  for _, each in ipairs({ ... }) do
    known[each] = true
  end
  return function(value)
    return type(value) == "string" and known[value] == true
  end
end

--- @param others a character that the text must not hold, as a Lua pattern
local function text(least, most, others)
  return function(value)
    return type(value) == "string" and #value >= least and #value <= most and not value:find(others)
  end
end

local is_count = integer(1, COUNT_MAX)
local is_window = integer(1, WINDOW_MAX_S)
local is_scope = one_of("node", "fleet")
local RATE_FIELDS = { count = true, window_s = true, scope = true }

local function is_rate_limit(value)
  if type(value) ~= "table" then
    return is_count(value)
  end
  for name in pairs(value) do
    if not RATE_FIELDS[name] then
      return false
    end
  end
  return is_count(value.count) and is_window(value.window_s) and (value.scope == nil or is_scope(value.scope))
end

-- "/08" is eight to some parsers and none to others.
local function is_cidr(value)
  return type(value) == "string"
    and #value <= CIDR_LENGTH_MAX
    and not value:find("/0%d")
    and engine.parseCidr(value) ~= nil
end

local function is_cidrs(value)
  if type(value) ~= "table" or #value > CIDRS_MAX then
    return false
  end
  local seen, count = {}, 0
  for _, each in pairs(value) do
    if not is_cidr(each) or seen[each] then
      return false
    end
    seen[each], count = true, count + 1
  end
  -- An object has members that no list has.
  return count == #value
end

local is_id = text(1, 64, "[^a-zA-Z0-9_.-]")

local function parameters(own)
  own.id = is_id
  own.threat_threshold = integer(0, 100)
  own.rate_limit = is_rate_limit
  own.js_challenge = is_boolean
  own.challenge_type = one_of("js")
  own.js_fingerprint = is_boolean
  own.mode = one_of("enforce", "observe")
  own.allow = is_cidrs
  own.deny = is_cidrs
  own.challenge_all = is_boolean
  return own
end

-- Open to further fields: a newer control plane may write some, and every object carries its times.
local RULES = {
  ["/cdn_defense/tenants"] = { fields = parameters({ enabled_defense = is_boolean }), required = { "id" } },
  ["/cdn_defense/policies"] = {
    fields = parameters({ enabled = is_boolean, tenant = is_id }),
    required = { "id" },
  },
  ["/cdn_defense/keyring"] = {
    fields = {
      id = text(1, 32, "[^a-zA-Z0-9_-]"),
      secret = text(32, 256, "[^\33-\126]"),
      state = one_of("verify", "signing", "retired"),
    },
    required = { "id", "secret", "state" },
  },
}

local _M = {}

--- @param directory "/cdn_defense/tenants"
--- @return function the `checker` of the directory: whether an object may be loaded, and why not, naming no value
function _M.of(directory)
  local rules = RULES[directory]
  return function(value, key)
    for _, name in ipairs(rules.required) do
      if value[name] == nil then
        return false, 'property "' .. name .. '" is required'
      end
    end
    for name, is_valid in pairs(rules.fields) do
      if value[name] ~= nil and not is_valid(value[name]) then
        return false, 'property "' .. name .. '" is not valid'
      end
    end
    local place = directory .. "/" .. value.id
    if key:sub(-#place) ~= place then
      return false, "its id is not that of its key"
    end
    return true
  end
end

return _M
