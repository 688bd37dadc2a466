--- A harness's stand-in for `resty.http`, which APISIX bundles and Debian does not have: the calls made here, no others.
local Http = {}
Http.__index = Http

local HEADERS_MAX = 100

function Http.new()
  local socket, err = ngx.socket.tcp()
  return socket and setmetatable({ socket = socket }, Http), err
end

function Http:set_timeouts(connect, send, read)
  self.socket:settimeouts(connect, send, read)
end

function Http:parse_uri(uri)
  local scheme, authority, path = uri:match("^(https?)://([^/?#]+)([^#]*)$")
  if not scheme then
    return nil, "bad uri: " .. tostring(uri)
  end
  local host, port = authority:match("^(.-):(%d+)$")
  return { scheme, host or authority, tonumber(port) or (scheme == "https" and 443 or 80), path ~= "" and path or "/" }
end

function Http:connect(options)
  -- There is no resolver here.
  local host = options.host == "localhost" and "127.0.0.1" or options.host
  local ok, err = self.socket:connect(host, options.port)
  if not ok then
    return nil, err
  end
  self.authority = options.host .. ":" .. options.port
  if options.scheme == "https" and self.socket:getreusedtimes() == 0 then
    return self.socket:sslhandshake(nil, options.ssl_server_name, options.ssl_verify ~= false)
  end
  return true
end

local function chunked(socket)
  local ended = false
  return function()
    if ended then
      return nil
    end
    local line, err = socket:receive("*l")
    if not line then
      return nil, err
    end
    local size = tonumber(line:match("^%x+"), 16)
    if not size then
      return nil, "not a chunk"
    end
    ended = size == 0
    local chunk
    if not ended then
      chunk, err = socket:receive(size)
      if not chunk then
        return nil, err
      end
    end
    local ended_line
    ended_line, err = socket:receive("*l")
    return ended_line and chunk, err
  end
end

local function counted(socket, left)
  return function(most)
    if left == 0 then
      return nil
    end
    local size = math.min(left, most or left)
    local chunk, err = socket:receive(size)
    left = chunk and left - size or left
    return chunk, err
  end
end

local function read_head(socket)
  local line, err = socket:receive("*l")
  local status = line and tonumber(line:match("^HTTP/1%.%d (%d%d%d)"))
  if not status then
    return nil, err or "not HTTP"
  end
  local headers = {}
  for _ = 1, HEADERS_MAX do
    line, err = socket:receive("*l")
    if not line then
      return nil, err
    elseif line == "" then
      return status, headers
    end
    local name, value = line:match("^([^:]+):%s*(.-)%s*$")
    if name then
      headers[name:lower()] = value
    end
  end
  return nil, "too many headers"
end

function Http:request(params)
  local lines = { (params.method or "GET") .. " " .. params.path .. " HTTP/1.1", "Host: " .. self.authority }
  for name, value in pairs(params.headers or {}) do
    lines[#lines + 1] = name .. ": " .. value
  end
  local body = params.body or ""
  lines[#lines + 1] = "Content-Length: " .. #body
  local sent, err = self.socket:send(table.concat(lines, "\r\n") .. "\r\n\r\n" .. body)
  if not sent then
    return nil, err
  end
  local status, headers = read_head(self.socket)
  if not status then
    return nil, headers
  end
  local length = tonumber(headers["content-length"])
  local is_chunked = headers["transfer-encoding"] == "chunked"
  self.closes = headers.connection == "close" or not (length or is_chunked)
  return {
    status = status,
    headers = headers,
    body_reader = is_chunked and chunked(self.socket) or counted(self.socket, length or 0),
  }
end

function Http:set_keepalive(...)
  if self.closes then
    return self.socket:close()
  end
  return self.socket:setkeepalive(...)
end

function Http:close()
  return self.socket:close()
end

return Http
