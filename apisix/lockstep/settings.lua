--- What `plugin_attr.lockstep` of config.yaml says.
local core = require("apisix.core")
local plugin = require("apisix.plugin")
local process = require("ngx.process")

local _M = {}

local schema = {
  type = "object",
  properties = {
    gateway_id = { type = "string", pattern = "^[a-zA-Z0-9_-][a-zA-Z0-9._-]{0,63}$" },
    control_urls = {
      type = "array",
      minItems = 1,
      maxItems = 16,
      items = { type = "string", pattern = "^https?://[^/?#]+/?$" },
    },
    token = { type = "string", minLength = 1, maxLength = 4096 },
    token_file = { type = "string", minLength = 1 },
    token_env = { type = "string", minLength = 1 },
    tls_verify = { type = "boolean" },
    agent = { enum = { "privileged", "worker" } },
    shared_dict = { type = "string", minLength = 1 },
  },
  required = { "control_urls" },
  additionalProperties = false,
}

local function token_of(attr)
  local given = 0
  for _, name in ipairs({ "token", "token_file", "token_env" }) do
    given = given + (attr[name] and 1 or 0)
  end
  if given > 1 then
    return nil, "token, token_file and token_env exclude each other"
  end
  if attr.token_env then
    local token = os.getenv(attr.token_env)
    if not token or token == "" then
      return nil, "the environment has no " .. attr.token_env
    end
    return token
  end
  return attr.token
end

-- Only asked for: APISIX enables it anyway, and an nginx without OpenResty's patches says here that it has none.
local function has_privileged_agent()
  return (process.enable_privileged_agent())
end

--- Reads the settings; called before the workers are forked, where the whole environment is to be seen.
--- @return table {gateway_id?, urls, token?, token_file?, tls_verify, agent, shared_dict}, or nil and what is wrong
function _M.read()
  if core.config.type ~= "etcd" then
    return nil, "APISIX does not read its configuration from etcd"
  end
  local attr = plugin.plugin_attr("lockstep")
  if not attr then
    return nil, "config.yaml has no plugin_attr.lockstep"
  end
  local ok, err = core.schema.check(schema, attr)
  if not ok then
    -- The validator may quote values, and one of them is the token.
    local field = tostring(err):match('property "([%w_]+)"')
    return nil, "plugin_attr.lockstep is not valid" .. (field and ", see " .. field or "")
  end
  local token, problem = token_of(attr)
  if problem then
    return nil, problem
  end
  local name = attr.shared_dict or "lockstep"
  if not ngx.shared[name] then
    return nil, "nginx_config.http.custom_lua_shared_dict has no " .. name
  end
  return {
    gateway_id = attr.gateway_id,
    urls = attr.control_urls,
    token = token,
    token_file = attr.token_file,
    tls_verify = attr.tls_verify ~= false,
    agent = attr.agent or (has_privileged_agent() and "privileged" or "worker"),
    shared_dict = name,
  }
end

return _M
