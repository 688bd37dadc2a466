--- What this worker knows of policies and keys: APISIX's own watched directories, compiled once per change.
local core = require("apisix.core")
local check = require("apisix.plugins.cdn_defense.check")
local engine = require("apisix.plugins.cdn_defense.engine")

local _M = {}

-- No name may be a prefix of another's: APISIX would hand both the same events.
local TENANTS = "/cdn_defense/tenants"
local POLICIES = "/cdn_defense/policies"
local KEYRING = "/cdn_defense/keyring"

-- A reload must find the directory again: a second watcher of the same one stalls for up to a minute.
local function open(directory)
  local known = core.config.fetch_created_obj(directory)
  return known or assert(core.config.new(directory, { automatic = true, checker = check.of(directory) }))
end

function _M.init()
  _M.tenants = open(TENANTS)
  _M.policies = open(POLICIES)
  _M.keys = open(KEYRING)
end

local function item_of(object, id)
  local item = object:get(id)
  if type(item) == "table" and type(item.value) == "table" then
    return item
  end
end

local function identified(item, id)
  local document = {}
  for name, value in pairs(item and item.value or {}) do
    document[name] = value
  end
  -- Identity comes from the route's plugin, whatever the object calls itself.
  document.id = id
  return document
end

local compiled = setmetatable({}, { __mode = "k" })

--- The effective policy of a route. Items are replaced when they change, so their identity is their version.
--- @param conf the plugin's configuration on the route: {tenant, route}
function _M.policy(conf)
  local tenant = item_of(_M.tenants, conf.tenant)
  local route = item_of(_M.policies, conf.route)
  local known = compiled[conf]
  if known and known.tenant == tenant and known.route == route then
    return known.policy
  end
  local policy = engine.compilePolicy(identified(tenant, conf.tenant), identified(route, conf.route))
  compiled[conf] = { tenant = tenant, route = route, policy = policy }
  return policy
end

local keyring
local keyring_version

function _M.keyring()
  local version = _M.keys.conf_version
  if keyring and keyring_version == version then
    return keyring
  end
  local documents = {}
  for _, item in ipairs(_M.keys.values or {}) do
    -- A deleted item leaves `false` behind.
    if type(item) == "table" then
      documents[#documents + 1] = item.value
    end
  end
  table.sort(documents, function(a, b)
    return a.id < b.id
  end)
  keyring, keyring_version = engine.compileKeyring(documents), version
  return keyring
end

--- The newest etcd revision any of the directories has applied in this worker.
function _M.revision()
  return math.max(_M.tenants.prev_index or 0, _M.policies.prev_index or 0, _M.keys.prev_index or 0)
end

return _M
