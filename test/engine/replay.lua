--- Judges recorded requests with the compiled engine and prints one verdict a line.
-- luajit replay.lua <directory of engine.lua> <directory of this file> <policies.lua> <vectors>
package.path = arg[1] .. "/?.lua;" .. arg[2] .. "/?.lua;" .. package.path
local engine = require("engine")
local world = require("host")
local setup = dofile(arg[3])

local keyring = engine.compileKeyring(setup.keys)
local trusted = {}
for i, text in ipairs(setup.trusted_proxies) do
  trusted[i] = engine.parseCidr(text)
end
local gateway = { trusted_proxies = trusted, keyring = keyring }
local policies = {}
for i, pair in ipairs(setup.policies) do
  policies[i] = engine.compilePolicy(pair.tenant, pair.route)
end

local function bytes(text)
  return (text:gsub("%x%x", function(pair)
    return string.char(tonumber(pair, 16))
  end))
end

local function read_headers(text)
  local headers = {}
  for name, value in text:gmatch("(%x*):(%x*);") do
    headers[#headers + 1] = { name = bytes(name), value = bytes(value) }
  end
  return headers
end

local function describe(verdict)
  local parts = { engine.explain(verdict), tostring(verdict.status), verdict.set_cookie, verdict.body }
  if verdict.challenge then
    parts[#parts + 1] = verdict.challenge.token .. " " .. verdict.challenge.difficulty
  end
  if verdict.rate then
    for _, header in ipairs(engine.rateHeaders(verdict.rate)) do
      parts[#parts + 1] = header.name .. "=" .. header.value
    end
  end
  for _, header in ipairs(engine.upstreamHeaders(verdict)) do
    parts[#parts + 1] = header.name .. "=" .. header.value
  end
  return (table.concat(parts, " | "):gsub("[%c\128-\255]", "?"))
end

for line in io.lines(arg[4]) do
  local field = {}
  for part in (line .. "\t"):gmatch("([^\t]*)\t") do
    field[#field + 1] = part
  end
  world.clock.now = tonumber(field[1])
  local policy = policies[tonumber(field[2])]
  local request = {
    method = bytes(field[3]),
    target = bytes(field[4]),
    host = bytes(field[5]),
    scheme = field[6],
    remote_ip = bytes(field[7]),
    headers = read_headers(field[8]),
  }
  local decision = engine.decideHead(world.host, gateway, policy, request)
  local verdict = decision.verdict
    or engine.decideBody(world.host, gateway, policy, request, decision, bytes(field[9]))
  print(describe(verdict))
end
