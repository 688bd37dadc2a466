--- A harness, not APISIX: the few calls of `apisix.core` that the plugin makes, over plain nginx. Directories hold what
-- the test puts into them through `put`; like APISIX's they keep items, an index and a version.
local cjson = require("cjson.safe")

local directories = {}

local Directory = {}
Directory.__index = Directory

function Directory:get(id)
  local at = self.index[id]
  return at and self.values[at] or nil
end

local function new_directory(path, options)
  local self = setmetatable({ values = {}, index = {}, conf_version = 0, prev_index = 0, options = options }, Directory)
  directories[path] = self
  return self
end

local revision = 0

local function put(path, id, text)
  local self = directories[path]
  revision = revision + 1
  local at = self.index[id] or #self.values + 1
  self.values[at] = text ~= "" and { value = cjson.decode(text), modifiedIndex = revision } or false
  self.index[id] = text ~= "" and at or nil
  self.conf_version = self.conf_version + 1
  self.prev_index = revision
end

local function say(level)
  return function(...)
    ngx.log(level, ...)
  end
end

return {
  put = put,
  config = {
    new = new_directory,
    fetch_created_obj = function(path)
      return directories[path]
    end,
  },
  schema = {
    check = function(_, value)
      return type(value) == "table"
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
