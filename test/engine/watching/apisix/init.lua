--- A harness, not APISIX: the entry points that nginx calls, and what a request goes through.
local core = require("apisix.core")
local certificates = require("apisix.certificates")
local plugin = require("apisix.plugin")
local router = require("apisix.router")

local _M = {}

-- APISIX enables a privileged agent here. Debian's nginx lacks the patch for it.
function _M.http_init() end

function _M.http_init_worker()
  plugin.init_worker()
  router.init_worker()
  certificates.init_worker()
end

function _M.ssl_phase()
  certificates.handshake()
end

local function rewrite(route)
  local rule = route.plugins and route.plugins["proxy-rewrite"]
  local path = ngx.var.uri
  if rule and rule.regex_uri then
    local rewritten, _, err = ngx.re.sub(path, rule.regex_uri[1], rule.regex_uri[2], "jo")
    path = err and path or rewritten
  end
  return ngx.escape_uri(path, 0)
end

local turn = 0

local function node_of(upstream)
  local usable = {}
  for _, node in ipairs(upstream.nodes) do
    for _ = 1, math.min(node.weight, 100) do
      usable[#usable + 1] = node
    end
  end
  turn = turn + 1
  return usable[turn % #usable + 1]
end

function _M.http_access_phase()
  local item = router.match((ngx.var.host or ""):lower(), ngx.var.uri, ngx.req.get_method())
  if not item then
    ngx.status = 404
    ngx.header["content-type"] = "application/json"
    ngx.print('{"error_msg":"404 Route Not Found"}')
    return ngx.exit(404)
  end
  local route, ctx = item.value, ngx.ctx
  ctx.route_id = route.id
  local conf = route.plugins and route.plugins.cdn_defense
  local defense = plugin.plugins_hash.cdn_defense
  if conf and defense then
    ctx.defended = true
    local status, body = defense.access(conf, ctx)
    if status then
      ngx.status = status
      ngx.print(body)
      return ngx.exit(status)
    end
  end
  local upstream = route.upstream
  local node = node_of(upstream)
  if not node then
    return ngx.exit(503)
  end
  local query = ngx.var.args and "?" .. ngx.var.args or ""
  ngx.var.upstream_host = upstream.pass_host == "rewrite" and upstream.upstream_host or ngx.var.http_host or ""
  ngx.var.upstream_url = (upstream.scheme or "http") .. "://" .. node.host .. ":" .. node.port .. rewrite(route) .. query
end

function _M.http_log_phase()
  local defense = plugin.plugins_hash.cdn_defense
  if ngx.ctx.defended and defense and defense.log then
    defense.log(nil, ngx.ctx)
  end
end

return _M
