--- A harness, not APISIX: what stands in `config.yaml` there is a JSON file that the test writes.
local json = require("cjson.safe")

local _M = {}
local conf

function _M.local_conf()
  if not conf then
    local file = assert(io.open(ngx.config.prefix() .. "config.json", "rb"))
    conf = assert(json.decode(file:read("*a")))
    file:close()
  end
  return conf
end

return _M
