--- Decides about each request by the tenant's and the route's defense parameters.
-- A thin adapter: what is decided, and how, is in cdn_defense/engine.lua, compiled from TypeScript.
local core = require("apisix.core")
local plugin = require("apisix.plugin")
local body = require("apisix.plugins.cdn_defense.body")
local engine = require("apisix.plugins.cdn_defense.engine")
local fleet = require("apisix.plugins.cdn_defense.fleet")
local hosts = require("apisix.plugins.cdn_defense.host")
local metrics = require("apisix.plugins.cdn_defense.metrics")
local policies = require("apisix.plugins.cdn_defense.policies")

local byte = string.byte

local plugin_name = "cdn_defense"
local LOWER_X = 120

local schema = {
  type = "object",
  properties = {
    tenant = { type = "string", pattern = "^[a-zA-Z0-9-_.]{1,64}$" },
    route = { type = "string", pattern = "^[a-zA-Z0-9-_.]{1,64}$" },
  },
  required = { "tenant", "route" },
  additionalProperties = false,
}

local attr_schema = {
  type = "object",
  properties = {
    shared_dict = { type = "string", default = "plugin-limit-count" },
    trusted_proxies = { type = "array", items = { type = "string" }, default = {} },
    redis = {
      type = "object",
      properties = {
        host = { type = "string", minLength = 1 },
        port = { type = "integer", minimum = 1, maximum = 65535 },
        username = { type = "string", minLength = 1 },
        password = { type = "string", minLength = 1 },
        database = { type = "integer", minimum = 0 },
        tls = { type = "boolean" },
        tls_verify = { type = "boolean" },
        tls_server_name = { type = "string", minLength = 1 },
      },
      required = { "host" },
      additionalProperties = false,
    },
  },
}

local _M = { version = 0.1, priority = 2750, name = plugin_name, schema = schema, attr_schema = attr_schema }

local host, page, trusted

function _M.check_schema(conf)
  return core.schema.check(schema, conf)
end

function _M.init()
  local attr = plugin.plugin_attr(plugin_name) or {}
  local ok, err = core.schema.check(attr_schema, attr)
  if not ok then
    core.log.error("cdn_defense: plugin_attr is not valid, its defaults hold: ", err)
    attr = { shared_dict = "plugin-limit-count", trusted_proxies = {} }
  end
  local name = attr.shared_dict or "plugin-limit-count"
  local dict = assert(ngx.shared[name], "cdn_defense: no shared dictionary " .. name)
  local shares = fleet.configure(dict, attr.redis, hosts.sha256)
  host = hosts.new(dict, shares and fleet)
  page = engine.compilePage(host)
  trusted = {}
  for _, text in ipairs(attr.trusted_proxies or {}) do
    local cidr = engine.parseCidr(text)
    if cidr then
      trusted[#trusted + 1] = cidr
    else
      core.log.error("cdn_defense: not an address or CIDR among trusted_proxies: ", text)
    end
  end
  policies.init()
  metrics.init()
end

-- No cap: the default of 100 can hide what stands behind a hundred headers.
local function headers_of()
  local list = {}
  for name, value in pairs(ngx.req.get_headers(0)) do
    if type(value) == "table" then
      for _, each in ipairs(value) do
        list[#list + 1] = { name = name, value = tostring(each) }
      end
    else
      list[#list + 1] = { name = name, value = value == true and "" or value }
    end
  end
  return list
end

-- A gRPC upstream talks while its client does: to wait for the end of what the client says would silence both.
local function is_grpc(ctx)
  local route = ctx.matched_route
  local upstream = route and route.value and route.value.upstream
  return upstream ~= nil and (upstream.scheme == "grpc" or upstream.scheme == "grpcs")
end

-- From HTTP/2 on a body needs no header that tells of it; with GET no program reads one that has no type.
local function may_be_unannounced(ctx, var)
  if (ngx.req.http_version() or 1) < 2 or var.http_content_length or is_grpc(ctx) then
    return false
  end
  local method = ngx.req.get_method()
  return (method ~= "GET" and method ~= "HEAD") or var.http_content_type ~= nil
end

local function head_of(ctx)
  local var = ngx.var
  return {
    method = ngx.req.get_method(),
    -- As sent: ctx.var.request_uri may have been rewritten.
    target = var.request_uri or "",
    host = var.http_host or "",
    scheme = var.scheme == "https" and "https" or "http",
    remote_ip = var.remote_addr or "",
    headers = headers_of(),
    unannounced_body = may_be_unannounced(ctx, var),
  }
end

local function judge(conf, ctx)
  local policy = policies.policy(conf)
  local gateway = { trusted_proxies = trusted, keyring = policies.keyring() }
  local sent = head_of(ctx)
  local solution = engine.solutionIn(sent)
  local head = solution and solution.request or sent
  local decision = engine.decideHead(host, gateway, policy, head)
  local verdict = decision.verdict
  if not verdict then
    local content
    if solution then
      content = solution.body
    else
      content = body.first_bytes(engine.BODY_LIMIT_BYTES)
    end
    verdict = engine.decideBody(host, gateway, policy, head, decision, content)
  end
  return verdict, decision, sent.headers
end

-- What a client claims the defense to have said; with "_" for "-" too, as many origins read it.
local function drop_claims(ctx, headers)
  for _, header in ipairs(headers) do
    local name = header.name
    if byte(name) == LOWER_X and name:find("^x[-_]lockstep%f[-_%z]") then
      core.request.set_header(ctx, name, nil)
    end
  end
end

local function tell_upstream(ctx, verdict, event_id, headers)
  drop_claims(ctx, headers)
  if verdict then
    for _, header in ipairs(engine.upstreamHeaders(verdict)) do
      core.request.set_header(ctx, header.name, header.value)
    end
  else
    core.request.set_header(ctx, "x-lockstep-verdict", "error")
  end
  core.request.set_header(ctx, "x-lockstep-revision", tostring(policies.revision()))
  core.request.set_header(ctx, "x-lockstep-event-id", event_id)
end

local function set_headers(headers)
  for _, header in ipairs(headers) do
    core.response.set_header(header.name, header.value)
  end
end

-- The client learns the event's id and how long to wait; the reasons go to the log.
local function answer(verdict, decision, event_id)
  core.response.set_header("x-lockstep-event-id", event_id)
  local language = engine.languageOf(host, decision.facts.accept_language)
  if verdict.action == "challenge" then
    set_headers(page.headers)
    return verdict.status, engine.challengePage(verdict.challenge, event_id, language)
  end
  core.response.set_header("cache-control", "no-store")
  if verdict.rate then
    set_headers(engine.rateHeaders(verdict.rate))
  end
  if verdict.action == "answer" then
    core.response.set_header("content-type", "application/json")
    if verdict.status == 405 then
      core.response.set_header("allow", "POST")
    end
    if verdict.set_cookie ~= "" then
      core.response.set_header("set-cookie", verdict.set_cookie)
    end
    return verdict.status, verdict.body
  end
  core.response.set_header("content-type", "application/problem+json")
  return verdict.status, engine.problemBody(verdict.status, event_id, language)
end

function _M.access(conf, ctx)
  local event_id = ngx.var.request_id
  local ok, verdict, decision, headers = pcall(judge, conf, ctx)
  if not ok then
    -- An error in here must not take a site down: the request passes, counted and logged.
    core.log.error("cdn_defense: the request could not be judged and passes: ", verdict)
    metrics.count(conf.tenant, "failed")
    local read
    read, headers = pcall(headers_of)
    tell_upstream(ctx, nil, event_id, read and headers or {})
    return
  end
  metrics.count(conf.tenant, verdict.decided)
  ctx.cdn_defense = { verdict = verdict, event_id = event_id }
  if verdict.action ~= "pass" then
    return answer(verdict, decision, event_id)
  end
  tell_upstream(ctx, verdict, event_id, headers)
  if verdict.rate and verdict.decided == "pass" then
    set_headers(engine.rateHeaders(verdict.rate))
  end
end

function _M.log(_, ctx)
  local known = ctx.cdn_defense
  if known and known.verdict.decided ~= "pass" then
    core.log.warn("cdn_defense ", known.event_id, " ", engine.explain(known.verdict))
  end
end

local function status()
  return 200, {
    version = _M.version,
    revision = policies.revision(),
    signing_key = (policies.keyring().signing or {}).id,
    counts = metrics.counts(),
    limits = fleet.status(),
  }
end

function _M.control_api()
  return { { methods = { "GET" }, uris = { "/v1/plugin/cdn_defense/status" }, handler = status } }
end

return _M
