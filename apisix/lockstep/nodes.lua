--- The control plane as this gateway sees it: a list of addresses, one of which it talks to until that one fails.
local json = require("cjson.safe")
local http = require("resty.http")

local Nodes = {}
Nodes.__index = Nodes

local CONNECT_MS = 1000
local SEND_MS = 1000
local KEEPALIVE_MS = 30000
-- An answer names at most 500 objects.
local ANSWER_MAX = 1048576
local CHUNK = 65536

--- @param settings {urls, token?, token_file?, tls_verify}
function Nodes.new(settings)
  return setmetatable({ settings = settings, at = 1 }, Nodes)
end

--- The address now in use.
function Nodes:url()
  return self.settings.urls[self.at]
end

--- The current node has failed: the next one is next.
function Nodes:next()
  self.at = self.at % #self.settings.urls + 1
  self.token = nil
end

-- Read anew after every failure, so that a token can be replaced under a running gateway.
local function token_of(self)
  if not self.token then
    self.token = self.settings.token
    if self.settings.token_file then
      local file, err = io.open(self.settings.token_file, "rb")
      if not file then
        return nil, err
      end
      self.token = (file:read(4096) or ""):match("^%s*(.-)%s*$")
      file:close()
    end
  end
  return self.token or ""
end

local function read_body(response)
  local parts, size = {}, 0
  while response.body_reader do
    local chunk, err = response.body_reader(CHUNK)
    if err then
      return nil, err
    elseif not chunk then
      break
    end
    size = size + #chunk
    if size > ANSWER_MAX then
      return nil, "an answer of more than " .. ANSWER_MAX .. " bytes"
    end
    parts[#parts + 1] = chunk
  end
  return table.concat(parts)
end

local function exchange(client, address, path, headers, body)
  local response, err = client:request({ method = "POST", path = path, headers = headers, body = body })
  if not response then
    return nil, err
  end
  local text
  text, err = read_body(response)
  if not text then
    return nil, err
  end
  client:set_keepalive(KEEPALIVE_MS)
  if response.status ~= 200 then
    local problem = json.decode(text)
    local code = type(problem) == "table" and type(problem.code) == "string" and problem.code or ""
    return nil, address .. " answers " .. response.status .. " " .. code, response.status
  end
  local answer = json.decode(text)
  if type(answer) ~= "table" then
    return nil, address .. " answers what is no JSON object"
  end
  return answer
end

--- @param read_ms how long the node may take to answer
--- @return table the answer, or nil, what went wrong and the status if there was one
function Nodes:post(path, message, read_ms)
  local address = self:url()
  local token, err = token_of(self)
  if not token then
    return nil, err
  end
  local client = http.new()
  client:set_timeouts(CONNECT_MS, SEND_MS, read_ms)
  local scheme, host, port = unpack(assert(client:parse_uri(address, false)))
  local ok
  ok, err = client:connect({
    scheme = scheme,
    host = host,
    port = port,
    ssl_verify = self.settings.tls_verify,
    ssl_server_name = host,
  })
  if not ok then
    return nil, address .. ": " .. tostring(err)
  end
  local headers = { ["Content-Type"] = "application/json" }
  if token ~= "" then
    headers["Authorization"] = "Bearer " .. token
  end
  local answer, problem, status = exchange(client, address, path, headers, json.encode(message))
  if not answer and not status then
    client:close()
    return nil, address .. ": " .. tostring(problem)
  end
  return answer, problem, status
end

return Nodes
