--- The first bytes of a request's body, from memory or from where nginx has put it.
local core = require("apisix.core")

local _M = {}

--- @return string at most `limit` bytes
function _M.first_bytes(limit)
  ngx.req.read_body()
  local data = ngx.req.get_body_data()
  if data then
    return #data > limit and data:sub(1, limit) or data
  end
  local path = ngx.req.get_body_file()
  if not path then
    return ""
  end
  local file, err = io.open(path, "rb")
  if not file then
    core.log.error("cdn_defense: cannot read the spooled body: ", err)
    return ""
  end
  data = file:read(limit) or ""
  file:close()
  return data
end

return _M
