--- A harness, not APISIX: finds the route of a request, by host, path, method and priority; rebuilt when the routes change.
local core = require("apisix.core")
local plugin = require("apisix.plugin")

local _M = {}
local objects
local built, built_version

local function lower_hosts(item)
  for at, host in ipairs(item.value and item.value.hosts or {}) do
    item.value.hosts[at] = host:lower()
  end
end

function _M.init_worker()
  objects = core.config.new("/routes", {
    automatic = true,
    item_schema = core.schema.route,
    checker = function(route)
      return plugin.check(route.plugins)
    end,
    filter = lower_hosts,
  })
end

local function build()
  local list = {}
  for _, item in ipairs(objects.values) do
    if item and item.value.status ~= 0 then
      for _, uri in ipairs(item.value.uris) do
        local prefix = uri:match("^(.*)%*$")
        list[#list + 1] = {
          item = item,
          path = prefix or uri,
          is_prefix = prefix ~= nil,
          priority = item.value.priority or 0,
        }
      end
    end
  end
  table.sort(list, function(a, b)
    if a.priority ~= b.priority then
      return a.priority > b.priority
    elseif (a.item.value.hosts ~= nil) ~= (b.item.value.hosts ~= nil) then
      return a.item.value.hosts ~= nil
    elseif a.is_prefix ~= b.is_prefix then
      return b.is_prefix
    elseif #a.path ~= #b.path then
      return #a.path > #b.path
    end
    return a.item.value.id < b.item.value.id
  end)
  return list
end

local function host_fits(hosts, host)
  if not hosts then
    return true
  end
  for _, each in ipairs(hosts) do
    if each == host or (each:sub(1, 1) == "*" and host:sub(1 - #each) == each:sub(2)) then
      return true
    end
  end
  return false
end

local function method_fits(methods, method)
  if not methods or #methods == 0 then
    return true
  end
  for _, each in ipairs(methods) do
    if each == method then
      return true
    end
  end
  return false
end

--- @return table the item of the route, or nil
function _M.match(host, path, method)
  if built_version ~= objects.conf_version then
    built, built_version = build(), objects.conf_version
  end
  for _, entry in ipairs(built) do
    local fits = path == entry.path or (entry.is_prefix and path:sub(1, #entry.path) == entry.path)
    local route = entry.item.value
    if fits and host_fits(route.hosts, host) and method_fits(route.methods, method) then
      return entry.item
    end
  end
end

return _M
