--- A harness, not APISIX: certificates by server name, taken at each handshake from what is loaded.
local core = require("apisix.core")
local ssl = require("ngx.ssl")

local _M = {}
local objects

local function check(value)
  local certificate, err = ssl.parse_pem_cert(value.cert)
  if not certificate then
    return nil, "failed to parse cert: " .. tostring(err)
  end
  local key
  key, err = ssl.parse_pem_priv_key(value.key)
  if not key then
    return nil, "failed to parse key: " .. tostring(err)
  end
  return true
end

function _M.init_worker()
  objects = core.config.new("/ssls", { automatic = true, item_schema = core.schema.ssl, checker = check })
end

local function find(name)
  local parent = "*" .. (name:match("%..*$") or "")
  for _, item in ipairs(objects.values) do
    for _, sni in ipairs(item and item.value.snis or {}) do
      if sni == name or sni == parent then
        return item.value
      end
    end
  end
end

--- Runs in `ssl_certificate_by_lua`; without a certificate for the name the handshake fails.
function _M.handshake()
  local value = find((ssl.server_name() or ""):lower())
  if not value then
    return ngx.exit(ngx.ERROR)
  end
  ssl.clear_certs()
  assert(ssl.set_cert(assert(ssl.parse_pem_cert(value.cert))))
  assert(ssl.set_priv_key(assert(ssl.parse_pem_priv_key(value.key))))
end

return _M
