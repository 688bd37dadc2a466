--- A harness, not APISIX: loads the plugins that the configuration lists. `proxy-rewrite` is the router's here.
local config = require("apisix.core.config_local")

local _M = { plugins_hash = {} }

function _M.plugin_attr(name)
  return (config.local_conf().plugin_attr or {})[name]
end

function _M.init_worker()
  for _, name in ipairs(config.local_conf().plugins) do
    if name ~= "proxy-rewrite" then
      local plugin = require("apisix.plugins." .. name)
      if plugin.init then
        plugin.init()
      end
      _M.plugins_hash[name] = plugin
    end
  end
end

--- Like APISIX: a plugin that is not loaded is skipped without a word.
function _M.check(plugins)
  for name, conf in pairs(plugins or {}) do
    local plugin = _M.plugins_hash[name]
    if plugin then
      local ok, err = plugin.check_schema(conf)
      if not ok then
        return false, "failed to check the configuration of plugin " .. name .. " err: " .. tostring(err)
      end
    end
  end
  return true
end

return _M
