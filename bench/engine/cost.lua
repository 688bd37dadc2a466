--- What the engine itself costs a request in LuaJIT, with the host of test/engine/ffi_host.lua.
-- luajit bench/engine/cost.lua [requests in each round]   (from the root of the repository)
package.path = "apisix/plugins/cdn_defense/?.lua;test/engine/?.lua;" .. package.path
local engine = require("engine")
local world = require("ffi_host")
local requests = tonumber(arg[1]) or 20000
world.clock.now = 1790000000000

local gateway = {
  trusted_proxies = {},
  keyring = engine.compileKeyring({ { id = "k1", secret = "sixteen bytes or more of secret", state = "signing" } }),
}
local policy = engine.compilePolicy({ id = "t1", rate_limit = 1000000000 }, { id = "r1" })

local function browser(target, extra)
  local headers = {
    { name = "host", value = "shop.example" },
    {
      name = "user-agent",
      value = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/119.0.0.0 Safari/537.36",
    },
    { name = "accept", value = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8" },
    { name = "accept-encoding", value = "gzip, deflate, br" },
    { name = "accept-language", value = "en-US,en;q=0.9" },
    { name = "sec-fetch-mode", value = "navigate" },
    { name = "sec-fetch-site", value = "same-origin" },
    { name = "sec-ch-ua-platform", value = '"Windows"' },
    { name = "upgrade-insecure-requests", value = "1" },
  }
  for name, value in pairs(extra or {}) do
    headers[#headers + 1] = { name = name, value = value }
  end
  return { method = "GET", target = target, host = "shop.example", scheme = "https", remote_ip = "198.51.100.7", headers = headers }
end

local cookie = "_ga=GA1.2.1234567890.1700000000; theme=dark; session=8f14e45fceea167a5a36dedd4bea2543"
local scenes = {
  { "benign GET, no cookie, no query", browser("/products/blue-shoes") },
  { "benign GET, cookie and query", browser("/products/blue-shoes?utm_source=news&page=2", { cookie = cookie }) },
  {
    "the same with a referer",
    browser("/products/blue-shoes?utm_source=news&page=2", { cookie = cookie, referer = "https://shop.example/products/" }),
  },
  { "the same with a clearance", browser("/products/blue-shoes?page=2", {}), true },
  { "a search with a quote", browser("/search?q=men%27s%20shoes%20size%2010") },
  { "an injection", browser("/search?q=1%27%20or%20%271%27%3D%271") },
}

local function clearance_for(request)
  local probe = engine.bindingOf(policy.tenant, request, { user_agent = request.headers[2].value, accept_language = "en-US,en;q=0.9", ua_platform = '"Windows"' }, world.host.lower)
  return engine.clearanceCookieName("https") .. "=" .. engine.issueClearance(world.host, gateway.keyring.signing, probe, world.host.now() / 1000, false)
end

for _, scene in ipairs(scenes) do
  local request = scene[2]
  if scene[3] then
    request.headers[#request.headers + 1] = { name = "cookie", value = cookie .. "; " .. clearance_for(request) }
  end
  local verdict
  local function run(count)
    local from = os.clock()
    for _ = 1, count do
      verdict = engine.decideHead(world.host, gateway, policy, request).verdict
    end
    return (os.clock() - from) / count * 1e6
  end
  run(requests)
  local best = math.huge
  for _ = 1, 5 do
    best = math.min(best, run(requests))
  end
  print(string.format("%-36s %7.2f us   %s %s", scene[1], best, verdict.action, verdict.clearance))
end
