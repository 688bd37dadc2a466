--- A harness: Debian's lua-nginx-redis is an older resty.redis than APISIX's, which also speaks TLS by these options.
local redis = require("nginx.redis")

local connect = redis.connect

redis._VERSION = "0.28"

function redis.connect(self, host, port, options)
  local ok, err = connect(self, host, port, options)
  if not ok or not options.ssl then
    return ok, err
  end
  return self._sock:sslhandshake(false, options.server_name, options.ssl_verify)
end

return redis
