--- The first bytes of a request's body, from memory or from where nginx has put it.
local core = require("apisix.core")

local _M = {}

--- @return string at most `limit` bytes
function _M.first_bytes(limit)
  -- Some releases of ngx_lua refuse to read a body of unannounced length; the head is judged all the same.
  local read, refused = pcall(ngx.req.read_body)
  if not read then
    core.log.warn("cdn_defense: the body can not be read: ", refused)
    return ""
  end
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
