--- Judges recorded requests (see differential.ts) with the compiled engine, one verdict a line.
local engine = require("engine")

local _M = {}

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

--- @param setup what differential.ts wrote as a Lua table
--- @param clock a table whose `now` the host tells
--- @param emit called with each verdict
function _M.run(host, clock, setup, vectors, emit)
  local trusted = {}
  for i, text in ipairs(setup.trusted_proxies) do
    trusted[i] = engine.parseCidr(text)
  end
  local gateway = { trusted_proxies = trusted, keyring = engine.compileKeyring(setup.keys) }
  local policies = {}
  for i, pair in ipairs(setup.policies) do
    policies[i] = engine.compilePolicy(pair.tenant, pair.route)
  end
  for line in io.lines(vectors) do
    local field = {}
    for part in (line .. "\t"):gmatch("([^\t]*)\t") do
      field[#field + 1] = part
    end
    clock.now = tonumber(field[1])
    local policy = policies[tonumber(field[2])]
    local request = {
      method = bytes(field[3]),
      target = bytes(field[4]),
      host = bytes(field[5]),
      scheme = field[6],
      remote_ip = bytes(field[7]),
      headers = read_headers(field[8]),
    }
    local decision = engine.decideHead(host, gateway, policy, request)
    emit(describe(decision.verdict or engine.decideBody(host, gateway, policy, request, decision, bytes(field[9]))))
  end
end

return _M
