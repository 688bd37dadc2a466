--- The first bytes of a request's body, from memory or from where nginx has put it.
local core = require("apisix.core")

local _M = {}

--- @return string|nil at most `limit` bytes; nothing where this nginx cannot read it
function _M.first_bytes(limit)
  -- ngx_lua 0.10.26, alone, refuses bodies of HTTP/2 and HTTP/3 whose length no header tells.
  local read, refused = pcall(ngx.req.read_body)
  if not read then
    core.log.warn("cdn_defense: the body cannot be read: ", refused)
    return nil
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
