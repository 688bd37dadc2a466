--- A harness, not APISIX: the calls of `apisix.core` that the plugin and the agent make, over plain nginx.
local function say(level)
  return function(...)
    ngx.log(level, ...)
  end
end

return {
  config = require("apisix.core.config_etcd"),
  schema = require("apisix.core.schema"),
  json = require("cjson.safe"),
  version = { VERSION = "3.18.0" },
  id = {
    get = function()
      return "harness"
    end,
  },
  log = { error = say(ngx.ERR), warn = say(ngx.WARN), info = say(ngx.INFO) },
  request = {
    set_header = function(_, name, value)
      if value == nil then
        ngx.req.clear_header(name)
      else
        ngx.req.set_header(name, value)
      end
    end,
  },
  response = {
    set_header = function(name, value)
      ngx.header[name] = value
    end,
  },
}
