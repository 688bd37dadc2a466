--- A harness, not APISIX: as much of JSON Schema as the schemas used here say.
local _M = {}

local function is_list(value)
  return type(value) == "table" and (#value > 0 or next(value) == nil)
end

local TYPES = {
  object = function(value)
    return type(value) == "table" and (#value == 0 or next(value) == nil)
  end,
  array = is_list,
  string = function(value)
    return type(value) == "string"
  end,
  boolean = function(value)
    return type(value) == "boolean"
  end,
  number = function(value)
    return type(value) == "number"
  end,
  integer = function(value)
    return type(value) == "number" and value % 1 == 0
  end,
}

local check

local function check_fields(schema, value)
  for _, name in ipairs(schema.required or {}) do
    if value[name] == nil then
      return false, 'property "' .. name .. '" is required'
    end
  end
  for name, each in pairs(value) do
    local known = (schema.properties or {})[name]
    if known then
      local ok, err = check(known, each)
      if not ok then
        return false, 'property "' .. name .. '" validation failed: ' .. err
      end
    elseif schema.additionalProperties == false then
      return false, "additional properties forbidden, found " .. tostring(name)
    end
  end
  return true
end

local function check_items(schema, value)
  if #value < (schema.minItems or 0) or #value > (schema.maxItems or math.huge) then
    return false, "wrong number of items"
  end
  for at, each in ipairs(value) do
    local ok, err = check(schema.items or {}, each)
    if not ok then
      return false, "failed to validate item " .. at .. ": " .. err
    end
  end
  return true
end

local function check_text(schema, value)
  if #value < (schema.minLength or 0) or #value > (schema.maxLength or math.huge) then
    return false, "wrong length"
  end
  if schema.pattern and not ngx.re.find(value, schema.pattern, "jo") then
    return false, 'failed to match pattern "' .. schema.pattern .. '" with "' .. value .. '"'
  end
  return true
end

function check(schema, value)
  if schema.type and not TYPES[schema.type](value) then
    return false, "wrong type: expected " .. schema.type .. ", got " .. type(value)
  end
  if schema.enum then
    for _, each in ipairs(schema.enum) do
      if each == value then
        return true
      end
    end
    return false, "matches none of the enum values"
  end
  if type(value) == "string" then
    return check_text(schema, value)
  elseif type(value) == "number" then
    local fits = value >= (schema.minimum or -math.huge) and value <= (schema.maximum or math.huge)
    return fits, not fits and "out of range" or nil
  elseif schema.items or schema.type == "array" then
    return check_items(schema, value)
  elseif type(value) == "table" then
    return check_fields(schema, value)
  end
  return true
end

_M.check = check

local id = { type = "string", pattern = "^[a-zA-Z0-9-_.]{1,64}$" }
local labels = { type = "object" }
local time = { type = "integer" }

--- The part of APISIX's schemas that the tests write. Unknown fields are refused, as there.
_M.route = {
  type = "object",
  additionalProperties = false,
  required = { "uris", "upstream" },
  properties = {
    id = id,
    name = { type = "string" },
    desc = { type = "string", maxLength = 256 },
    labels = labels,
    uris = { type = "array", minItems = 1, items = { type = "string" } },
    hosts = { type = "array", minItems = 1, items = { type = "string" } },
    methods = { type = "array", items = { type = "string" } },
    priority = { type = "integer" },
    status = { enum = { 0, 1 } },
    enable_websocket = { type = "boolean" },
    create_time = time,
    update_time = time,
    plugins = { type = "object" },
    upstream = {
      type = "object",
      required = { "nodes" },
      properties = {
        nodes = {
          type = "array",
          minItems = 1,
          items = {
            type = "object",
            required = { "host", "port", "weight" },
            properties = {
              port = { type = "integer", minimum = 1, maximum = 65535 },
              weight = { type = "integer", minimum = 0 },
            },
          },
        },
      },
    },
  },
}

_M.ssl = {
  type = "object",
  additionalProperties = false,
  required = { "snis", "cert", "key" },
  properties = {
    id = id,
    labels = labels,
    snis = { type = "array", minItems = 1, items = { type = "string" } },
    cert = { type = "string", minLength = 128 },
    -- APISIX's has no pattern; this one quotes what it refuses, which is what must not get out.
    key = { type = "string", pattern = "^-----BEGIN" },
    status = { enum = { 0, 1 } },
    create_time = time,
    update_time = time,
  },
}

return _M
