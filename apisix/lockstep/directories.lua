--- The directories under APISIX's etcd prefix that Lockstep writes, as this process watches them.
local Directory = require("apisix.lockstep.directory")

local _M = {
  --- Those that stock APISIX does not know.
  OWN = { "cdn_defense/tenants", "cdn_defense/policies", "cdn_defense/keyring" },
}

local all, by_name, by_path = {}, {}, {}
for _, name in ipairs({ "routes", "ssls", _M.OWN[1], _M.OWN[2], _M.OWN[3] }) do
  local directory = Directory.new(name)
  all[#all + 1] = directory
  by_name[name], by_path["/" .. name] = directory, directory
end

function _M.all()
  return all
end

--- @param name as Lockstep writes it, "routes"
function _M.named(name)
  return by_name[name]
end

--- Looks on wherever APISIX or a plugin opens one of them, from its first load on.
--- @param config APISIX's `core.config`
function _M.watch(config)
  local new = config.new
  config.new = function(path, options)
    local directory = by_path[path]
    if not directory then
      return new(path, options)
    end
    local object, err = new(path, directory:observed(options))
    if object then
      directory:attach(object)
    end
    return object, err
  end
end

return _M
